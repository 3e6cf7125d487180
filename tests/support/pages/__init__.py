"""HTML pages: checked against the standard, and opened in a browser."""
