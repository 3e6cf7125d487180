"""Locked files that their source does not offer any more."""
