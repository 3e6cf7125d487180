"""READMEs of releases as safe HTML: rendered once, in processes of their own, and cached by the SHA-256 of METADATA."""
