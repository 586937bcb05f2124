"""Exact algebra: truncated series and the calculus of moment sequences."""
