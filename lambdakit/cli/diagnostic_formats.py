"""Diagnostics in the forms that other programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from lambdakit import __version__
from lambdakit.errors import Diagnostic


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """`{"valid": …, "diagnostics": [{problem, code, path, line, column, pointer, hint}]}`."""
    return json.dumps({"valid": not diagnostics, "diagnostics": [item.to_wire() for item in diagnostics]}, indent=2)


def as_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """A SARIF log with one run.

    Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
    """
    rules = [{"id": code} for code in sorted({item.code for item in diagnostics})]
    run = {
        "tool": {"driver": {"name": "lambdakit", "version": __version__, "rules": rules}},
        "results": [_sarif_result(item) for item in diagnostics],
    }
    return json.dumps(
        {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        },
        indent=2,
    )


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One workflow command a line; empty when there is nothing wrong.

    Source: GitHub Actions documentation, "Workflow commands for GitHub Actions", "Setting an error message".
    """
    return "\n".join(_github_command(item) for item in diagnostics)


def _sarif_result(item: Diagnostic) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": item.code, "level": "error", "message": {"text": _message(item)}}
    if not item.path:
        return result
    physical: dict[str, Any] = {"artifactLocation": {"uri": item.path}}
    if item.line is not None:
        physical["region"] = {"startLine": item.line}
        if item.column is not None:
            physical["region"]["startColumn"] = item.column
    location: dict[str, Any] = {"physicalLocation": physical}
    if item.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": item.pointer}]
    result["locations"] = [location]
    return result


def _github_command(item: Diagnostic) -> str:
    properties = {"file": item.path, "line": item.line, "col": item.column, "title": item.code}
    given = ",".join(f"{name}={_escaped(str(value), property=True)}" for name, value in properties.items() if value)
    return f"::error {given}::{_escaped(_message(item), property=False)}"


def _message(item: Diagnostic) -> str:
    text = f"{item.pointer}: {item.problem}" if item.pointer else item.problem
    return f"{text}\nhint: {item.hint}" if item.hint else text


def _escaped(text: str, *, property: bool) -> str:
    # Source: actions/toolkit, packages/core/src/command.ts
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text
