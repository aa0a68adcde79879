"""The runtimes that functions can name: one file per family."""
