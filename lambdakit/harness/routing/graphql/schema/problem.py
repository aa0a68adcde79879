"""What is wrong with a schema."""


class SchemaProblem(Exception):
    """A text that is no schema; the text of the exception says why."""
