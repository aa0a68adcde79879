"""Application load balancers: listeners with rules in front of functions."""
