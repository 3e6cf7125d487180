"""What a run shares with all else on this machine: directories, room, memory."""
