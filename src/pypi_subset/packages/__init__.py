"""What keeps `packages/`."""
