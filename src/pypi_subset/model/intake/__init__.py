"""What may come in: the rules that a user sets for candidates, and what they say of one."""
