"""What starts a pattern's function: one file for each kind of source."""
