"""What a machine accepts: tags, platforms, marker values, patch levels."""
