"""The edge: flags in, words, JSON and exit codes out."""
