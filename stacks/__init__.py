"""Deployable stacks, written by hand: the patterns as CDK code."""
