"""Distributions of CloudFront: behaviours, caches and functions in front of origins."""
