"""Bundles: of real sites, and read again."""
