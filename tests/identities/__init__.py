"""Identities between laws."""
