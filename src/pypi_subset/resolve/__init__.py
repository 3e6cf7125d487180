"""From a set and a target to a `Lock`."""
