"""What writes `site/`."""
