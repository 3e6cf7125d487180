"""Editing ``requirements/``: a requirement, a target or an sdist is added or removed, and comments stay."""
