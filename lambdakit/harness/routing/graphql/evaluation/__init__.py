"""Resolvers' code, worked out: mapping templates and JavaScript."""
