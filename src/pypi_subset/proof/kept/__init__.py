"""Sdists that a site keeps: built through the site alone, before a case is proven with what they give."""
