"""A site on this machine."""
