"""From relation trees to the arrays that kernels interpret."""
