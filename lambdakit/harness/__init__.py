"""The harness's own process: the emulated account and everything that runs in it."""
