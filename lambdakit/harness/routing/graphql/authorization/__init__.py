"""Who asks a GraphQL API, and which fields they may ask for."""
