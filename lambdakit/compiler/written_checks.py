"""cdk-nag on what the document writes in CloudFormation's own words, as far as it changes a template.

The packs look at constructs, and know nothing of what is laid over their properties when a template is written, nor of
resources that are of no class. So the written template is read into constructs once more, by the CDK itself, and the
packs look at those of them that the document has a say in. What they said the first time is not said again.
Source: cdk-nag's README, "Property overrides", for what the packs do not see.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aws_cdk import App, DefaultStackSynthesizer, Stack
from aws_cdk.cloudformation_include import CfnInclude
from jsii.errors import JavaScriptError

from lambdakit.compiler.checks import add_packs
from lambdakit.compiler.jsii_errors import found_by_validation
from lambdakit.compiler.validation_report import REPORT_FILE, Findings, acknowledge_hint, said_before
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from lambdakit.compiler.source_map import SourceMap

_INCLUDED: Final = "included"
_ERROR: Final = "error"


def check_written(
    assembly: Path,
    stacks: Iterable[str],
    source_map: SourceMap,
    *,
    path: str,
    is_acknowledged: Callable[[str, str], bool],
) -> Findings:
    """What the packs find in resources whose properties the document writes itself.

    stacks: their names, by which their templates are called.
    is_acknowledged: whether the document says why, by construct path and rule.
    """
    errors: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    said = said_before(assembly)
    for stack in stacks:
        template = assembly / f"{stack}.template.json"
        if not template.is_file():
            continue
        resources: dict[str, Any] = json.loads(template.read_text(encoding="utf-8")).get("Resources", {})
        written = {
            logical_id: construct_path
            for logical_id, each in resources.items()
            if source_map.of(stack).writes(construct_path := each.get("Metadata", {}).get("aws:cdk:path", ""))
        }
        for pack, violation, logical_id in _violations(template, stack) if written else ():
            rule = str(violation["ruleName"])
            construct_path = written.get(logical_id, "")
            if not construct_path or (construct_path, rule) in said or is_acknowledged(construct_path, rule):
                continue
            if rule in _suppressed(resources[logical_id]):
                continue
            into = errors if violation.get("severity") == _ERROR else warnings
            into.append(_diagnostic(pack, rule, violation, construct_path, source_map, path=path))
    return Findings(errors=tuple(errors), warnings=tuple(warnings))


def _violations(template: Path, stack: str) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Each of a pack's findings about the template: the pack, the finding, and the logical id that it is about."""
    with tempfile.TemporaryDirectory() as directory:
        app = App(outdir=directory, analytics_reporting=False, builtin_cloud_formation_validation=False)
        add_packs(app)
        synthesizer = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        CfnInclude(Stack(app, stack, synthesizer=synthesizer), _INCLUDED, template_file=str(template))
        try:
            app.synth()
        except RuntimeError as error:
            # Findings that are errors end the synthesis; anything else leaves no report.
            if not isinstance(error.__cause__, JavaScriptError) or not (Path(directory) / REPORT_FILE).is_file():
                raise
        report = json.loads((Path(directory) / REPORT_FILE).read_text(encoding="utf-8"))
    for plugin in report.get("pluginReports", []):
        for violation in plugin.get("violations", []):
            for construct in violation.get("violatingConstructs", []):
                yield str(plugin["pluginName"]), violation, str(construct["constructPath"]).rpartition("/")[2]


def _suppressed(resource: Mapping[str, Any]) -> frozenset[str]:
    """The rules that a resource's metadata gives a reason for.

    Source: cdk-nag's README, "Using on CloudFormation templates"
    """
    nag = resource.get("Metadata", {}).get("cdk_nag")
    rules = nag.get("rules_to_suppress") if isinstance(nag, dict) else None
    return frozenset(
        str(each.get("id")) for each in rules or () if isinstance(each, dict) and each.get("reason") is not None
    )


def _diagnostic(
    pack: str, rule: str, violation: Mapping[str, Any], construct_path: str, source_map: SourceMap, *, path: str
) -> Diagnostic:
    hint = acknowledge_hint(rule)
    if source_map.of(construct_path).writes(construct_path)[:1] == ("cloudformation",):
        reason = f"{{id: {json.dumps(rule)}, reason: your reason}}"
        hint = f"mend it, or say why it is no fault: Metadata: {{cdk_nag: {{rules_to_suppress: [{reason}]}}}}"
    return found_by_validation(
        construct_path,
        f"{str(violation.get('description', '')).rstrip('.')} (rule {rule} of cdk-nag's pack {pack}, "
        f"at {construct_path.removesuffix('/Resource')})",
        hint,
        source_map,
        path=path,
        code="LK421",
        written=True,
    )
