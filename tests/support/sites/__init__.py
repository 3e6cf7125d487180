"""Sites and subsets on disk: made by hand, made by mirror, published, and read again."""
