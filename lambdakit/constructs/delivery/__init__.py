"""Where a stream's results are delivered to: one file for each kind."""
