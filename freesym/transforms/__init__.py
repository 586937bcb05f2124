"""Exact symbolic quantities of laws: polynomials, transforms, closed forms, edges, derivations."""
