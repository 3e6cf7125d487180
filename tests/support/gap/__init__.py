"""Bundles and the sites in them, made without a line of the exporter."""
