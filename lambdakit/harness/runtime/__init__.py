"""Execution environments: the process a function runs in, and what stands around it."""
