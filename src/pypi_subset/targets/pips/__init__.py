"""pip itself: the flags that make ours act for a target, and the tags that the version on a machine knows."""
