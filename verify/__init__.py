"""Proves the product: a pytest suite around `pypi_subset.proof`, over the files of ``site/`` alone."""
