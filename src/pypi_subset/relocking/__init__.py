"""Locks of uv and pip that name PyPI, rewritten to name a site; `pypi_subset.relocking.relock` is the recipe."""
