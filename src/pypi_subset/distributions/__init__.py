"""What a distribution says of itself: its file name, its core metadata, its archive."""
