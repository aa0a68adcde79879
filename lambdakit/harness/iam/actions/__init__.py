"""What each API's requests need, where the generic rule does not say it."""
