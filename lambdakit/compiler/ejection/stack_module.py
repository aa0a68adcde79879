"""A stack's steps as a module with a class: each construct is an attribute, what is imported a variable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Final

from aws_cdk import Stack

from lambdakit.compiler.ejection.expressions import (
    Attribute,
    Call,
    Expression,
    Given,
    ProjectPath,
    Reference,
    Subscript,
    parts_of,
    walk,
)
from lambdakit.compiler.ejection.imports import Imports
from lambdakit.compiler.ejection.layout import WIDTH, CannotBeWritten, Layout, columns
from lambdakit.compiler.ejection.names import Names, builtin_names, variable_name
from lambdakit.compiler.ejection.recording import Step
from lambdakit.records import dataclass

_PROJECT: Final = "PROJECT"
_LEVEL: Final = 2
# Of functions that make something, whose results are named without it.
_VERB: Final = re.compile("^(add|get|make|new)_")
_OWN_NAMES: Final = frozenset({"self", "scope", "id", "Construct", "Path", _PROJECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class StackModule:
    """What is written of a stack.

    made: its construction. steps: everything after that. class_name: the class's. project: the expression of the
    document's directory. written_by: a sentence for the module's docstring.
    """

    made: Step
    steps: Sequence[Step]
    class_name: str
    project: str
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """A step that no code can be written for. path: of its construct, empty when it makes none. what: why."""

    path: str
    what: str


def stack_module(module: StackModule) -> str | list[Unwritten]:
    """The module's text, or everything in it that cannot be written."""
    steps = _written_steps(module.steps)
    imports = Imports(taken={*_OWN_NAMES - {"Construct", "Path"}, module.class_name})
    imports.words("constructs", "Construct")
    ends = {module.made.expression, *(step.expression for step in steps if step.value is None)}
    for step in (module.made, *steps):
        for each in (part for expression in _expressions(step) for part in walk(expression, ends)):
            imports.add(each)
            if isinstance(each, ProjectPath):
                imports.words("pathlib", "Path")
    variables = _variables(module.made, steps, taken=imports.short_names | _OWN_NAMES | {module.class_name})
    layout = Layout(words=_Words(variables, imports), project=_PROJECT)
    unwritten: list[Unwritten] = []
    statements: list[tuple[Step, str]] = []
    for step in (module.made, *steps):
        try:
            statements.append((step, _statement(step, layout, variables, is_stack=step is module.made)))
        except CannotBeWritten as error:
            unwritten.append(Unwritten(path=step.path or _path_within(step, steps), what=str(error)))
    return unwritten or _text(module, imports, statements)


def _text(module: StackModule, imports: Imports, statements: Sequence[tuple[Step, str]]) -> str:
    stack_name = str(getattr(module.made.result, "stack_name", ""))
    function = module.made.expression.function if isinstance(module.made.expression, Call) else None
    assert isinstance(function, Reference)
    base = imports.words(function.module, function.name)
    head = [f'"""The stack `{stack_name}`. {module.written_by}"""', "", imports.statements()]
    if "Path" in imports.short_names:
        head += ["", f"{_PROJECT} = {module.project}"]
    lines = [
        *head,
        "",
        "",
        f"class {module.class_name}({base}):",
        f'    """What is deployed as `{stack_name}`."""',
        "",
        "    def __init__(self, scope: Construct, id: str) -> None:",
        *_spaced(statements),
    ]
    return _with_long_lines_marked("\n".join(lines) + "\n")


def _statement(step: Step, layout: Layout, variables: Mapping[Expression, str], *, is_stack: bool) -> str:
    expression = step.expression
    if step.value is not None:
        return layout.lines(f"{layout.flat(expression)} = ", step.value, indent=_LEVEL)
    assert isinstance(expression, Call)
    if is_stack:
        keywords = tuple((name, each) for name, each in expression.keywords if name not in ("scope", "id"))
        arguments = (Given("scope"), Given("id"), *expression.arguments[2:])
        return layout.lines("", Call(Given("super().__init__"), arguments, keywords), indent=_LEVEL)
    variable = variables.get(expression)
    # A call like it, which no variable stands for.
    return layout.lines("" if variable is None else f"{variable} = ", replace(expression), indent=_LEVEL)


def _written_steps(steps: Sequence[Step]) -> list[Step]:
    """Without what is written where it is used: what is used once, and made nothing."""
    uses = _uses(steps)
    return [step for step in steps if step.makes or step.value is not None or uses[step.expression] != 1]


def _uses(steps: Sequence[Step]) -> Counter[Expression]:
    """How often the result of each step is used by another; an item of it counts as two, to be read better."""
    of_steps = {step.expression for step in steps if step.value is None}
    return Counter(used for step in steps for expression in _expressions(step) for used in _used(expression, of_steps))


def _used(expression: Expression, of_steps: Set[Expression]) -> Iterator[Expression]:
    for part in parts_of(expression):
        if part in of_steps:
            yield from [part, part] if isinstance(expression, Subscript) else [part]
        else:
            yield from _used(part, of_steps)


def _expressions(step: Step) -> Iterator[Expression]:
    yield step.expression
    if step.value is not None:
        yield step.value


def _variables(made: Step, steps: Sequence[Step], *, taken: frozenset[str]) -> dict[Expression, str]:
    """What is called how: the stack itself, its constructs, and what is needed more than once."""
    attributes = Names({*dir(Stack), *_OWN_NAMES})
    local = Names(taken | builtin_names())
    uses = _uses(steps)
    variables = {made.expression: "self"}
    for step in steps:
        if step.makes:
            name = variable_name(step.path.removeprefix(f"{made.path}/"))
            if not _is_imported(step.expression):
                variables[step.expression] = f"self.{attributes.give(name)}"
            elif uses[step.expression]:
                variables[step.expression] = local.give(name)
        elif step.value is None and uses[step.expression] > 1:
            variables[step.expression] = local.give(_result_name(step.expression))
    return variables


def _is_imported(expression: Expression) -> bool:
    """Whether it is a call of `Bucket.from_bucket_name` and its like, which makes no resource."""
    match expression:
        case Call(function=Attribute(name=name)):
            return name.startswith("from_")
    return False


def _result_name(expression: Expression) -> str:
    match expression:
        case Call(function=Attribute(name=name) | Reference(name=name)):
            return _VERB.sub("", variable_name(name)) or "value"
    return "value"


def _path_within(step: Step, steps: Sequence[Step]) -> str:
    """The path of a construct that the step is about."""
    inside = {each for expression in _expressions(step) for each in walk(expression)}
    return next((each.path for each in reversed(steps) if each.makes and each.expression in inside), "")


def _spaced(statements: Sequence[tuple[Step, str]]) -> Iterator[str]:
    """Statements in groups, with an empty line around those of several lines; the stack's own is on top.

    A construct has with it what is imported for it, before, and what is done to it, after.
    """
    before = ""
    follows = True
    for step, statement in statements:
        if not follows and step.makes and ("\n" in statement or "\n" in before):
            yield ""
        yield statement
        before = statement
        follows = _is_imported(step.expression) or isinstance(step.result, Stack)


def _with_long_lines_marked(text: str) -> str:
    """Lines that no formatter can break are excused from its limit."""
    return "".join(f"{line}  # noqa: E501\n" if _is_too_long(line) else f"{line}\n" for line in text.splitlines())


def _is_too_long(line: str) -> bool:
    """As ruff has it, which lets pass what is one word, or ends in an address. Source: ruff's rule E501."""
    words = line.split()
    if columns(line) <= WIDTH or len(words) <= 1:
        return False
    return "://" not in words[-1] or columns(line) - columns(words[-1]) > WIDTH


class _Words:
    def __init__(self, variables: Mapping[Expression, str], imports: Imports) -> None:
        self._variables = variables
        self._imports = imports

    def variable(self, expression: Expression) -> str | None:
        return self._variables.get(expression)

    def imported(self, module: str, name: str | None) -> str:
        return self._imports.words(module, name)
