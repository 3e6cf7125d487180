"""Values that flow between the stages, each frozen, and the readers of manifest and report."""
