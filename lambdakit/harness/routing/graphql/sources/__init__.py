"""The data sources behind resolvers."""
