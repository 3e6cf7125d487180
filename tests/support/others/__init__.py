"""Subsets with other files."""
