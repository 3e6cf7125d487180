"""A slow and limited line to an index, and what tools make of it."""
