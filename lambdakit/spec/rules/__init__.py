"""Rules across fields, one to a file."""
