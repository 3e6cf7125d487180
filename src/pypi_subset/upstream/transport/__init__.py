"""Bytes from the network: bodies within bounds, patience, and files that are read by ranges."""
