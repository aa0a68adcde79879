"""Which AWS services, hosts and databases a function can reach from its subnets."""
