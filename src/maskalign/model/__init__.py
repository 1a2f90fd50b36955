"""What is asked and what is answered: options, results, axes. No computing."""
