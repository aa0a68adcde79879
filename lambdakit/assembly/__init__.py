"""Cloud assemblies and CloudFormation templates, read and resolved as data."""
