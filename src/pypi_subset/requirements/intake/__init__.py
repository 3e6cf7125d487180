"""The tables of ``subset.toml`` that say what may come in."""
