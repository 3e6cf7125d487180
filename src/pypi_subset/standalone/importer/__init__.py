"""The importer of bundles; `pypi_subset.standalone.joined` makes one file of these modules, ``import_bundle.py``."""
