"""The CloudFormation API: the stacks of the harness, readable and writable as on AWS."""
