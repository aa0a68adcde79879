"""cfn-lint on an assembly's templates, which `synth --check` runs; its findings at the document's lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from lambdakit.compiler.jsii_errors import found_by_validation
from lambdakit.compiler.validation_report import Findings, acknowledge_hint
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from cfnlint.match import Match

    from lambdakit.compiler.source_map import SourceMap

# cfn-lint checks for one region where a template is for any: one that has every service.
_REGION: Final = "us-east-1"
# A redundant DependsOn: the CDK writes those itself, and they do no harm.
_NOT_CHECKED: Final = ("W3005",)
_TEMPLATES: Final = "*.template.json"


def lint_templates(
    assembly: Path, source_map: SourceMap, *, path: str, is_acknowledged: Callable[[str, str], bool]
) -> Findings:
    """What cfn-lint finds in the assembly's templates.

    is_acknowledged: whether the document says why, by construct path and rule.
    """
    errors: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    for template_file in sorted(assembly.rglob(_TEMPLATES)):
        text = template_file.read_text(encoding="utf-8")
        for match, construct_path in matches(text):
            if is_acknowledged(construct_path, match.rule.id):
                continue
            into = errors if match.rule.severity == "error" else warnings
            into.append(
                found_by_validation(
                    construct_path,
                    f"{match.message.rstrip('.')} (rule {match.rule.id} of cfn-lint, at {_place(match)})",
                    acknowledge_hint(match.rule.id),
                    source_map,
                    path=path,
                    code="LK422",
                    steps=_steps(match),
                )
            )
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def matches(template: str) -> Iterator[tuple[Match, str]]:
    """Each match with the path of its construct, which is empty for what belongs to no resource."""
    resources: dict[str, Any] = json.loads(template).get("Resources", {})
    for match in lint(template, config=ManualArgs(regions=[_REGION], ignore_checks=list(_NOT_CHECKED))):
        steps = list(getattr(match, "path", None) or [])
        logical_id = str(steps[1]) if len(steps) > 1 and steps[0] == "Resources" else ""
        yield match, resources.get(logical_id, {}).get("Metadata", {}).get("aws:cdk:path", "")


def _steps(match: Match) -> list[str]:
    """The keys of the property that is meant, below the resource's properties; none where none is."""
    steps = [str(step) for step in getattr(match, "path", None) or []]
    return steps[3:] if steps[:1] == ["Resources"] and steps[2:3] == ["Properties"] else []


def _place(match: Match) -> str:
    steps = [str(step) for step in getattr(match, "path", None) or []]
    return (
        " ".join([steps[1], ".".join(steps[2:])]).strip()
        if steps[:1] == ["Resources"] and steps[1:]
        else (".".join(steps) or f"line {match.linenumber}")
    )
