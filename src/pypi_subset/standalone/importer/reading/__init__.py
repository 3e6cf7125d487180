"""What a bundle says, read in one way only: JSON, paths, ZIP volumes, manifests."""
