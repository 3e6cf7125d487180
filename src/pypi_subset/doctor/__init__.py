"""Examining this machine: what mirror and verify need, what is missing, and what a proof here can show."""
