"""REST APIs: from a request to the answer of its method."""
