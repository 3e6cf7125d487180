"""How a case is proven."""
