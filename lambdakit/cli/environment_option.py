"""`--environment NAME`: one environment of a document, for the commands that take documents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

EnvironmentOption = Annotated[
    str | None,
    typer.Option("--environment", metavar="NAME", help="Only this environment of the document.", show_default=False),
]


def stacks_of(source: str, environment: str | None) -> list[str] | None:
    """The stacks of the environment, for `Harness.deploy`; None when no environment is asked for.

    DocumentError when the document is wrong or has no such environment, SourceError when `source` is no document.
    """
    if environment is None:
        return None
    from lambdakit.session.sources import require_document
    from lambdakit.spec.document import load

    require_document(Path(source))
    return list(load(source, environment=environment).environments[environment].stack_names)
