"""Wheels of the project ``bad`` 1.0 that attack who reads or installs them."""
