"""What all recipes have in common: their parts are there, their stacks stand alone, and their data keeps its place.

To record logical ids that changed, read the difference, then: LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/scenarios/recipes
When one changes, an upgrade replaces a table, a bucket, a user pool or a secret, with what is in it.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

ROOT = Path(__file__).parents[3]
RECORDED = ROOT / "tests" / "golden" / "logical_ids" / "recipes.json"
# The three patterns have tests of their own for all this.
PATTERNS = {"api_backend", "event_processing", "stream_processing"}
RECIPES = sorted(
    path.parent for path in (ROOT / "patterns").glob("*/lambdakit.yaml") if path.parent.name not in PATTERNS
)
STATEFUL = (
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::GlobalTable",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
)
# Of the runtime, beside the standard library.
PROVIDED = {"boto3", "botocore"}


def _stack_name(recipe: Path) -> str:
    [name] = re.findall(r"^application: (\w+)$", (recipe / "lambdakit.yaml").read_text(), re.MULTILINE)
    return str(name)


def _template(application: Path, recipe: Path) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((application / f"{_stack_name(recipe)}.template.json").read_text())
    return template


def test_stateful_resources_keep_their_logical_ids(application: Path) -> None:
    found = {
        _stack_name(recipe): {
            logical_id: resource["Type"]
            for logical_id, resource in sorted(_template(application, recipe)["Resources"].items())
            if resource["Type"] in STATEFUL
        }
        for recipe in RECIPES
    }

    text = json.dumps(found, indent=1) + "\n"
    if os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1":
        RECORDED.write_text(text)
    assert text == RECORDED.read_text(), "see this file's first lines"


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_needs_no_other_stack_and_names_its_outputs(application: Path, recipe: Path) -> None:
    template = _template(application, recipe)
    text = json.dumps(template)

    assert "Fn::ImportValue" not in text
    assert "Export" not in {key for output in template["Outputs"].values() for key in output}
    named = re.findall(r"<([A-Z]\w+)>|`([A-Z]\w+(?:Url|Id|Name|Arn))`", (recipe / "README.md").read_text())
    assert {first or second for first, second in named} <= set(template["Outputs"])


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_recipe_has_a_diagram_events_and_functions_that_need_no_package(recipe: Path) -> None:
    assert "```mermaid\n" in (recipe / "README.md").read_text()
    assert [json.loads(event.read_text()) for event in (recipe / "events").glob("*.json")]
    modules = list((recipe / "functions").glob("*/*.py"))
    assert modules
    for module in modules:
        beside = {other.stem for other in module.parent.glob("*.py")}
        for name in _imported(module):
            assert name in sys.stdlib_module_names | PROVIDED | beside, f"{module} imports {name}"


def _imported(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found
