"""What frames are laid over: one strategy a file."""
