"""Movies and plots, in and out of files."""
