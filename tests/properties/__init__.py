"""Properties of random expressions."""
