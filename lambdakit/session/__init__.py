"""The caller's side of the harness: sources in, a process started, its answers as objects."""
