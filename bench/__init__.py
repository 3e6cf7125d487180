"""How long mirroring takes, beside pex3, uv with pip, and nab: run by ``make bench``, never by a test."""
