"""Releases that are older than the newest, and pre-releases: which, why, and what changes that."""
