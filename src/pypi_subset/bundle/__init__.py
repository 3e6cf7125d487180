"""Signed bundles: a proven site, or what differs from the last one, for machines beyond a gap."""
