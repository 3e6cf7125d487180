"""Attacks on the disconnected side, by what a medium carries and by what stands in the directory of an import."""
