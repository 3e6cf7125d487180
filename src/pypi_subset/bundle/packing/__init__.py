"""Contents in volumes: what is packed, where it is, and in which bytes."""
