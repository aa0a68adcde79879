"""The files around a stack's module: what runs it, and what the CDK CLI reads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

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
class StackClass:
    """A stack's class, the module that it is in, and the stack's id."""

    module: str
    name: str
    id: str

    @property
    def file(self) -> str:
        """The module's file name."""
        return f"{self.module}.py"


def app_file(stacks: Sequence[StackClass], sentence: str) -> str:
    """The program that makes every stack."""
    ordered = sorted(stacks, key=lambda stack: stack.module)
    return _APP.format(
        sentence=sentence,
        imports="\n".join(f"from {stack.module} import {stack.name}" for stack in ordered),
        stacks="\n".join(f"    {stack.name}(app, {text_literal(stack.id)})" for stack in stacks),
    )


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
