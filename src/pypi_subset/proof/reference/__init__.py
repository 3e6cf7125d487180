"""What is true of a target, from sources that share no code with the resolver."""
