"""One file per CloudFormation type or tight family of types."""
