"""Locks of other tools as sources of a set: uv.lock, poetry.lock, pdm.lock, Pipfile.lock."""
