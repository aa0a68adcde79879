"""The document language: YAML in, a validated and line-marked application out."""
