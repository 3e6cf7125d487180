"""Words that no file, no message and no log of ours may hold."""
