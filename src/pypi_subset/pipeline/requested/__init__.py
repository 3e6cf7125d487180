"""What a request from beyond the gap would add: an answer for each of its lines, on each target that it is about."""
