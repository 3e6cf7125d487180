"""Bytes from the network: bodies within bounds, patience, files that are read by ranges, and entries of pages in JSON."""
