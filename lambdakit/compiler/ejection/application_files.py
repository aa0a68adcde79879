"""The files around a stack's module: what runs it, and what the CDK CLI reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from lambdakit.compiler.ejection.layout import WIDTH, columns
from lambdakit.compiler.ejection.names import Names, builtin_names, variable_name
from lambdakit.compiler.ejection.text_literals import text_literal
from lambdakit.records import dataclass

# The CDK CLI sets these itself, by the settings beside the context.
_SET_BY_CLI: Final = "aws:cdk:"

_APP: Final = '''\
"""{sentence}"""

from aws_cdk import App

{imports}


def main() -> None:
    """Synthesizes what is deployed, where and how the CDK CLI's environment says."""
    app = App(stack_traces=False)
{stacks}
    app.synth()


if __name__ == "__main__":
    main()
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument of a stack's constructor: an attribute of another stack, or for an empty name that stack itself.

    stack: the other's id.
    """

    parameter: str
    stack: str
    attribute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackClass:
    """A stack's class, the module that it is in, the stack's id, and what it is given of stacks before it."""

    module: str
    name: str
    id: str
    given: tuple[Argument, ...] = ()

    @property
    def file(self) -> str:
        """The module's file name."""
        return f"{self.module}.py"


def app_file(stacks: Sequence[StackClass], sentence: str) -> str:
    """The program that makes every stack, in this order."""
    ordered = sorted(stacks, key=lambda stack: stack.module)
    named = {given.stack for stack in stacks for given in stack.given}
    variables = Names({"app", "App", "main", *builtin_names(), *(each.name for each in stacks)})
    names = {stack.id: variables.give(variable_name(stack.id)) for stack in stacks if stack.id in named}
    return _APP.format(
        sentence=sentence,
        imports="\n".join(f"from {stack.module} import {stack.name}" for stack in ordered),
        stacks="\n".join(_statement(stack, names) for stack in stacks),
    )


def _statement(stack: StackClass, names: Mapping[str, str]) -> str:
    """names: the variables of stacks that others are given something of, by the stacks' ids."""
    values = {each.parameter: f"{names[each.stack]}.{each.attribute}".removesuffix(".") for each in stack.given}
    arguments = ["app", text_literal(stack.id), *(f"{name}={value}" for name, value in values.items())]
    head = f"    {names[stack.id]} = {stack.name}(" if stack.id in names else f"    {stack.name}("
    line = f"{head}{', '.join(arguments)})"
    if columns(line) <= WIDTH:
        return line
    return f"{head}\n" + "".join(f"        {each},\n" for each in arguments) + "    )"


def cdk_file(context: Mapping[str, object]) -> str:
    """What `cdk` reads: the program, and the settings that documents are compiled with."""
    written = {name: value for name, value in sorted(context.items()) if not name.startswith(_SET_BY_CLI)}
    settings = {
        "app": "python app.py",
        "output": "cdk.out",
        "versionReporting": False,
        "pathMetadata": True,
        "assetMetadata": True,
        "context": written,
    }
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
