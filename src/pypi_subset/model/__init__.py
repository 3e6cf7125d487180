"""Values that flow between the stages; each is frozen, and does no input or output."""
