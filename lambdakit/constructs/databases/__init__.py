"""Relational databases behind an API: one file for each concern."""
