"""The CDK's validation report: `validation-report.json` in the assembly, as diagnostics.

Source: aws-cdk-lib 2.275, core/lib/validation/private/report.ts, the report's shape as written by a synthesis.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lambdakit.compiler.jsii_errors import found_by_validation
from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic

REPORT_FILE: Final = "validation-report.json"
_ERRORS: Final = frozenset({"fatal", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the validation found. errors: keep the template from being deployed; warnings: the rest."""

    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def read_findings(assembly: Path, source_map: SourceMap, *, path: str) -> Findings:
    """The findings of the assembly's report; none when it has no report, as without validation."""
    try:
        report: dict[str, Any] = json.loads((assembly / REPORT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Findings()
    errors: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    for plugin in report.get("pluginReports", []):
        for violation in plugin.get("violations", []):
            into = errors if violation.get("severity") in _ERRORS else warnings
            into.extend(_diagnostics(violation, source_map, path=path))
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def _diagnostics(violation: Mapping[str, Any], source_map: SourceMap, *, path: str) -> Iterator[Diagnostic]:
    rule, description = violation.get("ruleName", "rule"), str(violation.get("description", "")).rstrip(".")
    for construct in violation.get("violatingConstructs", []):
        resource = construct.get("cloudFormationResource", {})
        properties = ", ".join(resource.get("propertyPaths", []))
        where = " ".join(part for part in (resource.get("logicalId", ""), properties) if part)
        yield found_by_validation(
            str(construct.get("constructPath", "")),
            f"{description} (rule {rule} of the CDK's validation" + (f", at {where})" if where else ")"),
            str(violation.get("fix") or ""),
            source_map,
            path=path,
        )
