"""Steps by the stack whose class they are written in, and what each class is given of the others' constructs.

A construct belongs to the stack that it is in. Any other step belongs to the stack that it names, else to the one that
uses its result, else to that of the last construct that it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from aws_cdk import Stack

from lambdakit.compiler.ejection.expressions import Call, Expression, is_imported, parts_of
from lambdakit.compiler.ejection.recording import Step
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSteps:
    """One stack's steps, in their order.

    made: its construction. given: results of other stacks' steps that it uses, in the order of their stacks.
    shared: results of its own that others use. copies: by an import of another stack, its own import of the same.
    """

    made: Step
    steps: Sequence[Step]
    given: tuple[Step, ...] = ()
    shared: frozenset[Expression] = frozenset()
    copies: Mapping[Expression, Expression]

    @property
    def name(self) -> str:
        """The stack's id."""
        return self.made.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entangled:
    """A stack that uses what one uses that uses it. path: the stack's. other: the one that it uses."""

    path: str
    other: str


def by_stack(steps: Sequence[Step]) -> list[StackSteps] | Entangled:
    """Every stack with its steps, each behind those that it is given something of, else in the order they are made."""
    division = _Division(steps)
    order = _in_order(division.stacks, division.needed(with_imports=False))
    if isinstance(order, Entangled):
        return order
    places = {stack: place for place, stack in enumerate(order)}
    return [division.of(stack, places) for stack in order]


class _Division:
    """Which step is whose."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.stacks: Final = {step.path: step for step in steps if step.makes and isinstance(step.result, Stack)}
        self._by_expression = {step.expression: step for step in steps if step.value is None}
        self._stack_names = {step.expression: name for name, step in self.stacks.items()}
        self._used = {id(step): tuple(self._directly(step)) for step in steps}
        self._owners = self._owned(steps)
        self._own = {
            name: [step for step in steps if self._owners[id(step)] == name and step is not made]
            for name, made in self.stacks.items()
        }

    def needed(self, *, with_imports: bool) -> dict[str, dict[str, None]]:
        """By stack, the others that it uses something of. with_imports: also of what they only import."""
        return {
            name: {
                self._owner(used): None
                for step in steps
                for used in self._used[id(step)]
                if self._owner(used) != name and (with_imports or not is_imported(used))
            }
            for name, steps in self._own.items()
        }

    def of(self, name: str, places: Mapping[str, int]) -> StackSteps:
        """The stack's part. places: of all stacks, in the order in which they are made."""
        foreign = dict.fromkeys(
            used for step in self._own[name] for used in self._used[id(step)] if self._owner(used) != name
        )
        made = self.stacks[name]
        # An import makes nothing, and is not worth a stack that would have to be made before the one that it needs.
        copied = [each for each in foreign if places[self._owner(each)] > places[name]]
        copies = {each: _imported_into(made, each) for each in copied}
        own = {copy: self._by_expression[each] for each, copy in copies.items()}
        given = [self._by_expression[each] for each in foreign if each not in copies]
        return StackSteps(
            made=made,
            steps=[
                *(replace(step, expression=copy, path=_path_in(name, step)) for copy, step in own.items()),
                *self._own[name],
            ],
            given=tuple(sorted(given, key=lambda step: places[self._owner(step.expression)])),
            shared=frozenset(self._used_elsewhere(name, places)),
            copies=copies,
        )

    def _used_elsewhere(self, name: str, places: Mapping[str, int]) -> Iterator[Expression]:
        for other, steps in self._own.items():
            if other != name and places[other] > places[name]:
                yield from (each for step in steps for each in self._used[id(step)] if self._owner(each) == name)

    def _owner(self, expression: Expression) -> str:
        return self._owners[id(self._by_expression[expression])]

    def _owned(self, steps: Sequence[Step]) -> dict[int, str]:
        owners: dict[int, str] = {}
        users: dict[Expression, str] = {}
        places = {step.expression: place for place, step in enumerate(steps) if step.value is None}
        last = {step.expression: step.path.partition("/")[0] for step in steps if step.makes}
        # The users of a result come after it.
        for step in reversed(steps):
            used = self._used[id(step)]
            named = next((self._stack_names[each] for each in used if each in self._stack_names), None)
            newest = max((each for each in used if each in last), key=lambda each: places[each], default=None)
            if step.makes:
                owner = last[step.expression]
            elif named is not None:
                owner = named
            elif step.expression in users:
                owner = users[step.expression]
            else:
                owner = next(iter(self.stacks)) if newest is None else last[newest]
            owners[id(step)] = owner
            users |= dict.fromkeys(used, owner)
        return owners

    def _directly(self, step: Step) -> Iterator[Expression]:
        """The results of other steps that the step is written with."""
        yield from _results_in(step.expression, self._by_expression.keys())
        if step.value is not None:
            yield from _results_in(step.value, self._by_expression.keys())


def _results_in(expression: Expression, results: Set[Expression]) -> Iterator[Expression]:
    for part in parts_of(expression):
        if part in results:
            yield part
        else:
            yield from _results_in(part, results)


def _imported_into(made: Step, imported: Expression) -> Expression:
    assert isinstance(imported, Call)
    return replace(imported, arguments=(made.expression, *imported.arguments[1:]))


def _path_in(stack: str, step: Step) -> str:
    return f"{stack}/{step.path.partition('/')[2]}"


def _in_order(stacks: Mapping[str, Step], needed: Mapping[str, Mapping[str, None]]) -> list[str] | Entangled:
    ordered: dict[str, None] = {}

    def add(name: str, way: tuple[str, ...]) -> Entangled | None:
        for other in needed[name]:
            if other in (*way, name):
                return Entangled(path=name, other=other)
            if other not in ordered and (found := add(other, (*way, name))) is not None:
                return found
        ordered[name] = None
        return None

    for name in stacks:
        if name not in ordered and (found := add(name, ())) is not None:
            return found
    return list(ordered)
