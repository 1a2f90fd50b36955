"""Array in, array out: the correlation and what follows from it. NumPy and SciPy."""
