"""Places that files come from: indexes and locations of links, and the addresses of single files."""
