"""Slow tests on many large expressions."""
