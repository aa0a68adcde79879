"""One file for each kind of pattern: its part of the document in, its construct out."""
