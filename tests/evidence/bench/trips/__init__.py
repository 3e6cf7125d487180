"""Bundles: of a large site of which one wheel changed, and of a small one beside tar."""
