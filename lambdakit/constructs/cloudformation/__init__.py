"""CloudFormation's own words on top of constructs: overrides of properties, and resources as templates have them."""
