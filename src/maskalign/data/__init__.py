"""Movies to try things on: small real samples, and synthetic ones with known drift."""
