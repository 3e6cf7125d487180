"""Long suites that measure or compare the whole tool, each a package. ``make`` starts them."""
