"""Deployed APIs as OpenAPI documents."""
