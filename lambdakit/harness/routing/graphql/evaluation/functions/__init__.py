"""Functions that resolvers' code calls, of values alone."""
