"""Whether an alignment made a movie better, without knowing the truth."""
