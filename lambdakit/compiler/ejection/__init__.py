"""A document's application as Python code for the CDK: what the bindings call, written down."""
