"""The story: `requirements/` in, a verified site out."""
