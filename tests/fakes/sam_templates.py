"""SAM templates written by hand, and what comes of them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from lambdakit.errors import DocumentError
from lambdakit.sam.conversion import convert
from lambdakit.sam.template_file import read_template_file
from lambdakit.sam.yaml_text import yaml_text
from lambdakit.spec.document import load

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def project_in(directory: Path) -> Path:
    """A project with a function's code in `src`, and a layer's in `layer`."""
    path = directory / "shop"
    (path / "src").mkdir(parents=True)
    (path / "layer").mkdir()
    (path / "src" / "app.py").write_text("def handler(event, context):\n    return event\n")
    return path


def imported(project: Path, resources: str, head: str = HEAD) -> tuple[dict[str, Any], list[str]]:
    """The document that comes of the resources, which is valid, and the gaps, by pointer."""
    template = project / "template.yaml"
    template.write_text(f"{head}Resources:\n{textwrap.indent(textwrap.dedent(resources), '  ')}")
    conversion = convert(read_template_file(template), project / "lambdakit.yaml")
    (project / "lambdakit.yaml").write_text(yaml_text(conversion.document))
    load(project / "lambdakit.yaml")
    return dict(conversion.document), [gap.pointer for gap in conversion.gaps]


def assert_loads(document: Path) -> None:
    """Nothing of the document is refused but handlers that are not there yet."""
    try:
        load(document)
    except DocumentError as error:
        assert {diagnostic.code for diagnostic in error.diagnostics} == {"LK138"}


def function(events: str, more: str = "", name: str = "Work") -> str:
    """A function with events, and further properties."""
    return (
        f"{name}:\n  Type: AWS::Serverless::Function\n  Properties:\n    CodeUri: src\n    Handler: app.handler\n"
        f"    Runtime: python3.13\n{textwrap.indent(textwrap.dedent(more), '    ')}\n"
        f"    Events:\n{textwrap.indent(textwrap.dedent(events), '      ')}\n"
    )
