"""The CDK's validation report: `validation-report.json` in the assembly, as diagnostics.

Plugins report there too, as cdk-nag's packs do.
Source: aws-cdk-lib 2.275, core/lib/validation/private/report.ts, the report's shape as written by a synthesis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lambdakit.compiler.jsii_errors import found_by_validation
from lambdakit.compiler.source_map import SourceMap
from lambdakit.errors import Diagnostic
from lambdakit.records import dataclass

if TYPE_CHECKING:
    from lambdakit.compiler.named_rules import NamedRules
    from lambdakit.spec.pointer import Pointer

REPORT_FILE: Final = "validation-report.json"
_ERRORS: Final = frozenset({"fatal", "error"})
_OWN_PLUGIN: Final = "CloudFormation Validate"
# `Outputs/Url/Value: …`, and `Circular dependency in conditions: IsProd -> IsLarge`
_OF_SECTION: Final = re.compile(
    r"(?:(?=Outputs|Parameters|Conditions|Mappings)|Circular dependency in (?=conditions))"
    r"(?P<section>[A-Za-z]+)(?:/|: )(?P<name>[A-Za-z0-9]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the validation found. errors: keep the template from being deployed; warnings: the rest."""

    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def read_findings(assembly: Path, source_map: SourceMap, *, path: str, rules: NamedRules | None = None) -> Findings:
    """The findings of the assembly's report; none when it has no report, as without validation.

    rules: by which the document's names stand in hints; None for the rules as they are.
    """
    try:
        report: dict[str, Any] = json.loads((assembly / REPORT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Findings()
    errors: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    for plugin in report.get("pluginReports", []):
        name = str(plugin.get("pluginName", _OWN_PLUGIN))
        if (failure := (plugin.get("metadata") or {}).get("error")) is not None:
            errors.append(Diagnostic(problem=f"a check did not run: {failure}", code="LK423", path=path))
        for violation in plugin.get("violations", []):
            into = errors if violation.get("severity") in _ERRORS else warnings
            into.extend(_diagnostics(name, violation, source_map, rules, path=path))
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def said_before(assembly: Path) -> frozenset[tuple[str, str]]:
    """The construct and the rule of each finding that the assembly's report has, those with a reason included."""
    try:
        report: dict[str, Any] = json.loads((assembly / REPORT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return frozenset()
    return frozenset(
        (str(construct.get("constructPath", "")), str(violation.get("ruleName", "")))
        for plugin in report.get("pluginReports", [])
        for violation in (*plugin.get("violations", []), *plugin.get("suppressedViolations", []))
        for construct in violation.get("violatingConstructs", [])
    )


def _diagnostics(
    plugin: str, violation: Mapping[str, Any], source_map: SourceMap, rules: NamedRules | None, *, path: str
) -> Iterator[Diagnostic]:
    rule, description = str(violation.get("ruleName", "rule")), str(violation.get("description", "")).rstrip(".")
    own = plugin == _OWN_PLUGIN
    checked_by = "the CDK's validation" if own else f"cdk-nag's pack {plugin}"
    for construct in violation.get("violatingConstructs", []):
        resource, construct_path = construct.get("cloudFormationResource", {}), str(construct.get("constructPath", ""))
        properties = ", ".join(resource.get("propertyPaths", []))
        # A pack names no logical id, and what it means is a construct's one resource.
        logical_id = resource.get("logicalId", "") if own else construct_path.removesuffix("/Resource")
        said = rule if rules is None else rules.said(construct_path, rule)
        where = " ".join(part for part in (logical_id, properties) if part)
        yield found_by_validation(
            construct_path,
            f"{description} (rule {rule} of {checked_by}" + (f", at {where})" if where else ")"),
            str(violation.get("suggestedFix") or violation.get("fix") or "") if own else acknowledge_hint(said),
            source_map,
            path=path,
            code="LK420" if own else "LK421",
            steps=_steps(resource.get("propertyPaths", [])),
            otherwise=_section_entry(description),
        )


def _section_entry(description: str) -> Pointer:
    """The document's entry that a finding about another section than the resources is about; empty where it is none."""
    found = _OF_SECTION.match(description)
    return (found["section"].lower(), found["name"]) if found else ()


def _steps(paths: Sequence[str]) -> list[str]:
    """`Properties.Tags[0].Key` as steps below the properties; of several paths the first."""
    steps = re.split(r"[.\[\]]+", paths[0].rstrip("]")) if paths else []
    return steps[1:] if steps[:1] == ["Properties"] else []


def acknowledge_hint(rule: str) -> str:
    """How a document says why a finding is none."""
    return f"mend it, or say why it is no fault, with the pattern: acknowledge: {{{json.dumps(rule)}: your reason}}"
