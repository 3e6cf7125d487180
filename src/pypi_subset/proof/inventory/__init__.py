"""The check that site, manifest and locks agree byte for byte."""
