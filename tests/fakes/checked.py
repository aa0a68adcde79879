"""Every stack of ours under every check, in one process: `python -m tests.fakes.checked DIRECTORY`.

Out, as JSON on the last line: by stack, what the CDK's validation, cdk-nag's packs and cfn-lint found and what of it is
acknowledged. `CONTROL` is a stack with faults that each of them knows, so that silence is seen for what it is.
A process of its own, as cdk-nag stays loaded in it, and the constructs say their reasons only then.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from lambdakit.compiler.checks import add_packs
from lambdakit.compiler.compile import compile_document, new_app
from lambdakit.compiler.template_lint import matches
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.errors import SynthesisError
from stacks.app import add_stacks
from tests.fakes.every_api import EVERY_API
from tests.fakes.every_grant import EVERY_GRANT
from tests.fakes.every_resource import EVERY_RESOURCE
from tests.fakes.every_store import EVERY_STORE
from tests.golden.test_golden_event_processing import EVERY_SOURCE_AND_TARGET
from tests.golden.test_golden_stream_processing import EVERY_STREAM_AND_DELIVERY

CONTROL: Final = "control"
STACKS: Final = "stacks"
DOCUMENTS: Final[Mapping[str, str]] = {
    "apis": EVERY_API,
    "stores": EVERY_STORE,
    "resources": EVERY_RESOURCE,
    "grants": EVERY_GRANT,
    "sources_and_targets": EVERY_SOURCE_AND_TARGET,
    "streams_and_deliveries": EVERY_STREAM_AND_DELIVERY,
}
_ROOT: Final = Path(__file__).parents[2]
PATTERNS: Final = tuple(sorted(document.parent.name for document in (_ROOT / "patterns").glob("*/lambdakit.yaml")))


def main() -> None:
    """Prints the findings."""
    directory = Path(sys.argv[1])
    found = {
        CONTROL: _of_app(directory / CONTROL, _add_control),
        STACKS: _of_app(directory / STACKS, add_stacks),
        **{name: _of_text(directory, name, text) for name, text in DOCUMENTS.items()},
        **{name: _of_document(directory / f"{name}.out", _ROOT / "patterns" / name) for name in PATTERNS},
    }
    print(json.dumps(found))


def _of_app(output: Path, add: Callable[[App], None]) -> dict[str, Any]:
    app = new_app(output, validation=True)
    add_packs(app)
    add(app)
    # What a pack takes for an error is in the report all the same.
    with contextlib.suppress(RuntimeError):
        app.synth()
    texts = (path.read_text() for path in output.rglob("*.template.json"))
    return _findings(output, [["cfn-lint", match.rule.id, path] for text in texts for match, path in matches(text)])


def _of_text(directory: Path, name: str, text: str) -> dict[str, Any]:
    project = directory / f"{name}.project"
    (project / "code").mkdir(parents=True)
    (project / "code" / "app.py").write_text("def handler(event, context): ...\nreserve = create = handler\n")
    (project / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}')
    (project / "lambdakit.yaml").write_text(text)
    return _of_document(directory / f"{name}.out", project)


def _of_document(output: Path, project: Path) -> dict[str, Any]:
    """What is found in the document, as `synth --check` finds it."""
    try:
        told = compile_document(
            project / "lambdakit.yaml", output, shown_as="lambdakit.yaml", validation=True, check=True
        )
    except SynthesisError as error:
        told = list(error.diagnostics)
    return _findings(output, [["cfn-lint", each.problem, each.pointer] for each in told if each.code == "LK422"])


def _findings(assembly: Path, linted: list[list[str]]) -> dict[str, Any]:
    """open: [tool, rule, construct path] of each. acknowledged: with the reason. templates: the files, read."""
    plugins = json.loads((assembly / "validation-report.json").read_text())["pluginReports"]
    return {
        "open": [*_violations(plugins, "violations"), *linted],
        "acknowledged": list(_violations(plugins, "suppressedViolations")),
        "failed": [plugin["metadata"]["error"] for plugin in plugins if "error" in (plugin.get("metadata") or {})],
        "templates": [json.loads(path.read_text()) for path in sorted(assembly.rglob("*.template.json"))],
    }


def _violations(plugins: list[dict[str, Any]], key: str) -> Iterator[list[str]]:
    for plugin in plugins:
        for violation in plugin.get(key) or []:
            for construct in violation["violatingConstructs"]:
                found = [plugin["pluginName"], violation["ruleName"], construct["constructPath"]]
                yield [*found, violation["reason"]] if key == "suppressedViolations" else found


def _add_control(app: App) -> None:
    stack = Stack(app, CONTROL)
    s3.CfnBucket(stack, "Open")
    # Beyond the 12 hours that SQS allows.
    sqs.CfnQueue(stack, "Queue", visibility_timeout=1_000_000)
    lambda_.CfnFunction(
        stack,
        "Function",
        code=lambda_.CfnFunction.CodeProperty(zip_file="def handler(event, context): ..."),
        handler="index.handler",
        runtime="python3.13",
        role="arn:aws:iam::123456789012:role/any",
    )
    greet = LambdaFunction(stack, "Greet", code=lambda_.Code.from_inline("..."), handler="index.handler")
    greet.role.add_to_principal_policy(iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=["*"]))


if __name__ == "__main__":
    main()
