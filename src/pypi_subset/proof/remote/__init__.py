"""Proofs on other machines."""
