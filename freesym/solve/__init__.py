"""Verified solutions: the start, the march, and one interface to both."""
