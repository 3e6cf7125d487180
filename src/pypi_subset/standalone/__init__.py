"""Files that leave the house: they need the standard library alone, and Python 3.6 or newer."""
