import functools


def first(event, context): ...


def second(event, context):
    def read(event, context): ...


made = functools.partial(first)
