"""Attacks by what stands on the disk."""
