"""Tests against reference values and independent methods."""
