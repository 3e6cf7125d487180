"""``install.py``: a set of a site for this machine, in a virtual environment."""
