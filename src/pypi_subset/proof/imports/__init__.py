"""Whether what was requested imports, and what it means if it does not."""
