"""Front doors: HTTP requests that become invocations."""
