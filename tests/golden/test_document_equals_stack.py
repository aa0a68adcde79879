"""The document of a pattern or recipe and its hand-written stack give the same template, byte for byte.

One recipe's document has its workflow in Amazon States Language, and its stack as the CDK's constructs, so that each
is written as its readers would: there, all but the state machine is the same, and its definition is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lambdakit.compiler.child_environment import child_variables
from lambdakit.compiler.synthesize import Compiler
from lambdakit.constructs.feature_flags import FEATURE_FLAGS

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[2]
# A version's logical id ends in a hash of its function, whose variables name the state machine.
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assembly of `cdk.json`'s command, run as the CDK CLI runs it."""
    output = tmp_path_factory.mktemp("stacks")
    project: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())
    context = {
        **project["context"],
        "aws:cdk:enable-path-metadata": project["pathMetadata"],
        "aws:cdk:enable-asset-metadata": project["assetMetadata"],
        "aws:cdk:version-reporting": project["versionReporting"],
    }
    variables = child_variables(os.environ, temporary_directory=tmp_path_factory.mktemp("tmp"))
    subprocess.run(
        shlex.split(project["app"]),
        cwd=ROOT,
        env={
            **variables,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]]),
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context),
        },
        check=True,
        timeout=300,
    )
    return output


@pytest.mark.parametrize(
    ("pattern", "stack"),
    [
        ("api_backend", "shop"),
        ("event_processing", "pictures"),
        ("stream_processing", "site"),
        ("crud_with_cognito", "notes"),
        ("iot_telemetry", "field"),
        ("scheduled_backup", "archive"),
        ("security_automation", "guardrails"),
        ("webhook_to_queue", "webhooks"),
    ],
)
def test_the_document_gives_what_the_stack_gives(compiler: Compiler, stacks: Path, pattern: str, stack: str) -> None:
    assembly = compiler.synthesize(ROOT / "patterns" / pattern / "lambdakit.yaml")

    from_document, from_stack = (
        json.dumps(json.loads((directory / f"{stack}.template.json").read_text()), indent=1)
        for directory in (assembly, stacks)
    )
    assert from_document == from_stack


def test_every_pattern_has_a_stack_and_every_stack_a_pattern(stacks: Path) -> None:
    names = {
        re.findall(r"^application: (\w+)$", document.read_text(), re.MULTILINE)[0]
        for document in (ROOT / "patterns").glob("*/lambdakit.yaml")
    }

    assert names == {path.name.removesuffix(".template.json") for path in stacks.glob("*.template.json")}


def test_the_order_workflow_differs_in_how_its_state_machine_is_written(compiler: Compiler, stacks: Path) -> None:
    assembly = compiler.synthesize(ROOT / "patterns" / "order_workflow" / "lambdakit.yaml")

    document, stack = (Workflow.read(directory / "fulfilment.template.json") for directory in (assembly, stacks))

    assert document.rest == stack.rest
    assert document.states == stack.states
    assert document.own == stack.own
    # The document says it in verbs, and those of a table are wider than what one task needs.
    assert document.actions == stack.actions | {
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:PutItem",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A template, taken apart around its state machine.

    rest: all else, in which `<machine>` stands for it. states: its definition, in which names are what they stand for.
    own: the types of what it consists of. actions: what its role may do.
    """

    rest: dict[str, Any]
    states: dict[str, Any]
    own: list[str]
    actions: set[str]

    @classmethod
    def read(cls, path: Path) -> Workflow:
        """The template of the file."""
        template = json.loads(path.read_text())
        resources = template["Resources"]
        parts = {id: each for id, each in resources.items() if "workflow" in each["Metadata"].get("aws:cdk:path", "")}
        [machine] = [id for id, each in parts.items() if each["Type"] == "AWS::StepFunctions::StateMachine"]
        rest = {**template, "Resources": {id: each for id, each in resources.items() if id not in parts}}
        return cls(
            rest=json.loads(_VERSION.sub(r"\1", json.dumps(rest).replace(machine, "<machine>"))),
            states=_states(parts[machine]["Properties"]),
            own=sorted(each["Type"] for each in parts.values()),
            actions={
                action
                for each in parts.values()
                if each["Type"] == "AWS::IAM::Policy"
                for statement in each["Properties"]["PolicyDocument"]["Statement"]
                for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
            },
        )


def _states(properties: dict[str, Any]) -> dict[str, Any]:
    """The definition with the logical ids in it, whether they were joined or are substituted."""
    definition = properties["DefinitionString"]
    parts = [definition] if isinstance(definition, str) else definition["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else part["Ref"] for part in parts).replace("AWS::Partition", "aws")
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace(f"${{{name}}}", value["Ref"])
    states: dict[str, Any] = json.loads(text)
    states.pop("Comment", None)
    return states


def test_cdk_json_sets_the_flags_that_documents_are_compiled_with() -> None:
    assert json.loads((ROOT / "cdk.json").read_text())["context"] == dict(FEATURE_FLAGS)
