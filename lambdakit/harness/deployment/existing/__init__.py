"""What a template takes to be in the account already."""
