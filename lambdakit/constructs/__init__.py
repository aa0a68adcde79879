"""L3 constructs: plain CDK constructs with good defaults, meant to be subclassed, usable without any YAML."""
