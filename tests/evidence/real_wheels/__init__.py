"""Real wheels of well-known projects, read strictly: which are refused, and what it costs."""
