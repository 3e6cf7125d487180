"""HTML that others wrote."""
