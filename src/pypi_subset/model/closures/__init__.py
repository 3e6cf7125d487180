"""The closures of a manifest: pins and edges of each set on each target."""
