"""The README's generated tables, made from the registries. `python -m tests.documentation.tables` writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lambdakit.errors import DocumentError
from lambdakit.harness.deployment.property_tree import Leaf, PropertyTree
from lambdakit.harness.deployment.registry import PROVISIONERS
from lambdakit.harness.source_table import SOURCES
from lambdakit.spec.document import load
from tests.documentation.features import features

README = Path(__file__).parents[2] / "README.md"
DOCUMENTS = Path(__file__).parent / "documents"


def resource_types() -> str:
    """Every CloudFormation type that the harness deploys, and which of its properties only stand there."""
    rows = ["| CloudFormation type | recorded: shown by the account, nothing acts on it |", "| --- | --- |"]
    for name, provisioner in sorted(PROVISIONERS.items()):
        recorded = ", ".join(f"`{path}`" for path in _recorded(provisioner.properties, ""))
        rows.append(f"| `{name}` | {recorded or '-'} |")
    return "\n".join(rows)


def _recorded(tree: PropertyTree, prefix: str) -> list[str]:
    paths = []
    for name, subtree in sorted(tree.items()):
        if subtree is Leaf.RECORDED:
            paths.append(prefix + name)
        elif not isinstance(subtree, Leaf):
            paths += _recorded(subtree, f"{prefix}{name}.")
    return paths


def event_sources() -> str:
    """Every source of events, how it arrives and how much of it the harness has."""
    rows = ["| source | arrives | supported | only recorded | not done |", "| --- | --- | --- | --- | --- |"]
    for source in SOURCES:
        cells = (source.name, source.arrival.value, source.supported, source.recorded or "-", source.refused or "-")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def larger_document() -> str:
    """A document with most of its sections."""
    return f"```yaml\n{(DOCUMENTS / 'larger' / 'lambdakit.yaml').read_text()}```"


def broken_document() -> str:
    """A document with mistakes, and what `lambdakit validate` says of them."""
    path = DOCUMENTS / "broken" / "lambdakit.yaml"
    try:
        load(path)
    except DocumentError as error:
        said = "\n".join(diagnostic.render() for diagnostic in error.diagnostics)
    said = said.replace(f"{path.parent}/", "")
    return f"```yaml\n{path.read_text()}```\n\n```\n$ lambdakit validate lambdakit.yaml\n{said}\n```"


TABLES: Mapping[str, str] = {
    "larger document": larger_document(),
    "broken document": broken_document(),
    "features": features(),
    "resource types": resource_types(),
    "event sources": event_sources(),
}


def with_tables(text: str) -> str:
    """`text` with every generated table as it should be. ValueError when one has no place."""
    for name, table in TABLES.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"the README has no place for the table {name!r}")
        text = pattern.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
