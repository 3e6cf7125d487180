"""Databases of advisories, and a second reading of the OSV schema."""
