"""Who decides about the requests of an HTTP API: tokens, functions and signatures."""
