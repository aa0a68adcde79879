"""Sample events: what a function is given by each service, with values of our own.

    a source's name and choices -> its row in `samples` makes the event -> `overlay` lays further members over it

Nothing is read but the code: the same choices give the same event everywhere, and no harness is started.
"""
