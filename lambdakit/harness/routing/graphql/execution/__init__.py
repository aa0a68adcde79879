"""An operation's fields, each by its resolver."""
