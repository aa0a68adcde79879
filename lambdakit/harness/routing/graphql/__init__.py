"""AppSync's GraphQL APIs: from a request to the answers of the resolvers behind its fields."""
