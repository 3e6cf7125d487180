"""pip's settings: what becomes of each, where each was read from, and what is wrong with them."""
