"""The schema of an API: its types, AWS's scalars, and who may see which field."""
