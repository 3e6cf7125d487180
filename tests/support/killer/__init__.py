"""Runs of mirror that die at a chosen moment."""
