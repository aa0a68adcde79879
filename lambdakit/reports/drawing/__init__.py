"""An architecture as a picture."""
