"""A stack's steps as a module with a class: each construct is an attribute, what is imported a variable.

What the class uses of another stack's constructs, its constructor is given, as is the CDK's own way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
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
    is_imported,
    parts_of,
    walk,
)
from lambdakit.compiler.ejection.imports import Imports
from lambdakit.compiler.ejection.layout import WIDTH, CannotBeWritten, Layout, columns
from lambdakit.compiler.ejection.names import Names, builtin_names, variable_name
from lambdakit.compiler.ejection.recording import Step
from lambdakit.compiler.ejection.result_types import result_type
from lambdakit.compiler.ejection.stack_steps import StackSteps
from lambdakit.records import dataclass

_PROJECT: Final = "PROJECT"
_LEVEL: Final = 2
# Of functions that make something, whose results are named without it.
_VERB: Final = re.compile("^(add|get|make|new)_")
_OWN_NAMES: Final = frozenset({"self", "scope", "id", "Construct", "Path", _PROJECT})


@dataclass(frozen=True, slots=True, kw_only=True)
class StackModule:
    """What is written of a stack.

    stack: its steps. given: how the program around the classes calls what the stack is given, which the constructor's
    parameters are called after. class_name: the class's. project: the expression of the document's directory.
    written_by: a sentence for the module's docstring.
    """

    stack: StackSteps
    given: Mapping[Expression, str] = field(default_factory=dict)
    class_name: str
    project: str
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenModule:
    """text: the module's. parameters: of the class's constructor, by what they are given.

    attributes: of the class, by the result of a step that other stacks use.
    """

    text: str
    parameters: Mapping[Expression, str]
    attributes: Mapping[Expression, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """A step that no code can be written for. path: of its construct, empty when it makes none. what: why."""

    path: str
    what: str


def stack_module(module: StackModule) -> WrittenModule | list[Unwritten]:
    """The module, or everything in it that cannot be written."""
    stack = module.stack
    given = {step.expression: step for step in stack.given}
    elsewhere = frozenset((*given, *stack.copies))
    steps = _written_steps(stack, elsewhere)
    imports = Imports(taken={*_OWN_NAMES - {"Construct", "Path"}, module.class_name})
    imports.words("constructs", "Construct")
    ends = {stack.made.expression, *elsewhere, *(step.expression for step in steps if step.value is None)}
    for step in (stack.made, *steps):
        for each in (part for expression in _expressions(step) for part in walk(expression, ends)):
            imports.add(each)
            if isinstance(each, ProjectPath):
                imports.words("pathlib", "Path")
    types = {expression: imports.words(*result_type(step)) for expression, step in given.items()}
    local = Names(imports.short_names | _OWN_NAMES | {module.class_name} | builtin_names())
    parameters = {each: local.give(module.given[each]) for each in given}
    variables = {**parameters, **_variables(stack, steps, elsewhere, local)}
    layout = Layout(words=_Words(variables, imports), project=_PROJECT)
    unwritten: list[Unwritten] = []
    statements: list[tuple[Step, str]] = []
    for step in (stack.made, *steps):
        try:
            statements.append((step, _statement(step, layout, variables, is_stack=step is stack.made)))
        except CannotBeWritten as error:
            unwritten.append(Unwritten(path=step.path or _path_within(step, steps), what=str(error)))
    if unwritten:
        return unwritten
    attributes = {each: variables[each].removeprefix("self.") for each in stack.shared if variables[each] != "self"}
    typed = {name: types[each] for each, name in parameters.items()}
    return WrittenModule(text=_text(module, imports, typed, statements), parameters=parameters, attributes=attributes)


def _text(
    module: StackModule, imports: Imports, parameters: Mapping[str, str], statements: Sequence[tuple[Step, str]]
) -> str:
    """parameters: of the constructor besides the CDK's own, with their types."""
    made = module.stack.made
    stack_name = str(getattr(made.result, "stack_name", ""))
    function = made.expression.function if isinstance(made.expression, Call) else None
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
        _constructor([f"{name}: {type_name}" for name, type_name in parameters.items()]),
        *_spaced(statements),
    ]
    return _with_long_lines_marked("\n".join(lines) + "\n")


def _constructor(parameters: Sequence[str]) -> str:
    """Its first line, or lines, as formatters have them."""
    items = ["self", "scope: Construct", "id: str", *(["*", *parameters] if parameters else [])]
    line = f"    def __init__({', '.join(items)}) -> None:"
    if columns(line) <= WIDTH:
        return line
    return "    def __init__(\n" + "".join(f"        {each},\n" for each in items) + "    ) -> None:"


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


def _written_steps(stack: StackSteps, elsewhere: Set[Expression]) -> list[Step]:
    """Without what is written where it is used: what is used once, and made nothing."""
    uses = _uses(stack.steps, elsewhere)
    return [
        step
        for step in stack.steps
        if step.makes or step.value is not None or uses[step.expression] != 1 or step.expression in stack.shared
    ]


def _uses(steps: Sequence[Step], elsewhere: Set[Expression]) -> Counter[Expression]:
    """How often the result of each step is used by another; an item of it counts as two, to be read better.

    elsewhere: results of other stacks' steps, which are not written here.
    """
    known = {*elsewhere, *(step.expression for step in steps if step.value is None)}
    return Counter(used for step in steps for expression in _expressions(step) for used in _used(expression, known))


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


def _variables(
    stack: StackSteps, steps: Sequence[Step], elsewhere: Set[Expression], local: Names
) -> dict[Expression, str]:
    """What is called how: the stack itself, its constructs, and what is needed more than once."""
    attributes = Names({*dir(Stack), *_OWN_NAMES})
    uses = _uses(steps, elsewhere)
    variables = {stack.made.expression: "self"}
    copied = {copy: each for each, copy in stack.copies.items()}
    for step in steps:
        name = variable_name(step.path.removeprefix(f"{stack.made.path}/"))
        if step.value is not None:
            continue
        if step.expression in copied:
            variables[step.expression] = variables[copied[step.expression]] = local.give(name)
        elif step.expression in stack.shared or (step.makes and not is_imported(step.expression)):
            made = name if step.makes else _result_name(step.expression)
            variables[step.expression] = f"self.{attributes.give(made)}"
        elif step.makes and uses[step.expression]:
            variables[step.expression] = local.give(name)
        elif not step.makes and uses[step.expression] > 1:
            variables[step.expression] = local.give(_result_name(step.expression))
    return variables


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
        follows = is_imported(step.expression) or isinstance(step.result, Stack)


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
