"""What a pattern's function writes to: one file for each kind of target."""
