"""Numba kernels: the program interpreter and the solvers built on it."""
