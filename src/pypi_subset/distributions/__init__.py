"""What a distribution states about itself: file name, core metadata, archive."""
