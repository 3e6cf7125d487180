"""Builds sites with two commits of this project from the same locks and wheels, and compares every byte of them."""
