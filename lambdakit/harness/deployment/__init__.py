"""Deployments: a cloud assembly's resources, created in the emulated account."""
