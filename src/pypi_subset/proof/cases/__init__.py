"""What is to be proven."""
