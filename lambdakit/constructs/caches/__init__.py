"""Caches behind an API."""
