"""The AppSync API, as far as GraphQL APIs are concerned."""
