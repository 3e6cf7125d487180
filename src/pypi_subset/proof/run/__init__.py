"""A run of the proof, from its cases to its report."""
