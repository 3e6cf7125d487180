"""From `requirements/` to a `Subset`."""
