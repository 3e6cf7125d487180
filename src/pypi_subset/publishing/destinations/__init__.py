"""Where a site is published to."""
