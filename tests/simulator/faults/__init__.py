"""Faults: where their labels say, and nowhere else."""
