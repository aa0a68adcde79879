"""What starts a pattern's function: one model for each kind of source."""
