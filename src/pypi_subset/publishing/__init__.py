"""Proven sites, copied in an order that no client notices."""
