"""Quantities of a spectrum, computed from relations: densities, cdf, edges, atoms, moments."""
