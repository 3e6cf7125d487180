"""The index stage beside the programs that make an index of a directory of wheels."""
