"""What a terminal asks for beside commands: Ctrl-C, and the completion of shells."""
