"""Lock files (PEP 751), and what follows from them."""
