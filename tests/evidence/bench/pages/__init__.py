"""A project page with very many links: our reading, and a whole run."""
