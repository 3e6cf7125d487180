"""Where files come from: pip's configuration, indexes, directories, and the gateway that pip is shown."""
