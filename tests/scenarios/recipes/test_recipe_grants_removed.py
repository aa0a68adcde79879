"""The recipes without one of the statements that their functions are granted: each is missed, at its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lambdakit import Harness
from lambdakit.assembly.source_map import SOURCE_MAP
from tests.fakes import recipe_traffic
from tests.fakes.removed_grants import Assembly, Traffic, problems_without_each_grant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lambdakit.compiler.synthesize import Compiler

pytestmark = pytest.mark.xdist_group("cdk")

PATTERNS = Path(__file__).parents[3] / "patterns"
# Of functions that a line of their own makes, how it begins; of the others' patterns, the first such line below.
_FUNCTION = "function:"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    """One of its own: in the worker's, the recipes of other tests are deployed."""
    with Harness() as harness:
        yield harness


@pytest.mark.parametrize(
    ("recipe", "stack", "traffic", "lines"),
    [
        pytest.param(
            "crud_with_cognito",
            "notes",
            recipe_traffic.notes,
            {f"{verb}_note": f"name: {verb}_note," for verb in ("create", "read", "change", "delete")}
            | {"list_notes": "name: list_notes,"},
            id="crud_with_cognito",
        ),
        pytest.param("iot_telemetry", "field", recipe_traffic.telemetry, {"telemetry": _FUNCTION}, id="iot_telemetry"),
        pytest.param(
            "scheduled_backup",
            "archive",
            recipe_traffic.backups,
            {"backup": _FUNCTION, "backup_check": _FUNCTION},
            id="scheduled_backup",
        ),
        pytest.param(
            "order_workflow",
            "fulfilment",
            recipe_traffic.workflow,
            {name: f"  {name}: {{code:" for name in ("reserve", "charge", "refund", "release")}
            | {"place_order": "POST /orders:", "read_order": "name: read_order,"},
            id="order_workflow",
        ),
        pytest.param(
            "security_automation",
            "guardrails",
            recipe_traffic.guardrails,
            {"open_buckets": _FUNCTION, "close_buckets": _FUNCTION},
            id="security_automation",
        ),
        pytest.param(
            "webhook_to_queue",
            "webhooks",
            recipe_traffic.webhooks,
            {"receive": "POST /webhooks:", "deliveries": _FUNCTION},
            id="webhook_to_queue",
        ),
    ],
)
def test_each_grant_that_is_taken_away_is_missed_at_its_line_of_the_document(
    harness: Harness,
    compiler: Compiler,
    tmp_path: Path,
    recipe: str,
    stack: str,
    traffic: Traffic,
    lines: dict[str, str],
) -> None:
    document = PATTERNS / recipe / "lambdakit.yaml"
    assembly = Assembly(compiler.synthesize(document), stack, tmp_path / "assembly")
    source_map = assembly.directory / SOURCE_MAP
    source_map.write_text(json.dumps({**json.loads(source_map.read_text()), "document": str(document)}))
    numbers = {name: _line(document.read_text().splitlines(), name, text) for name, text in lines.items()}

    problems = problems_without_each_grant(
        harness,
        assembly,
        traffic,
        places={name: f"/{recipe}/lambdakit.yaml:{number}" for name, number in numbers.items()},
    )

    assert problems == []
    assert {grant.function for grant in assembly.grants()} == set(lines)


def _line(written: list[str], name: str, text: str) -> int:
    """The number of the line that makes the function called `name`: the first with that text, in its pattern."""
    begin = written.index(next(line for line in written if line.startswith(f"  {name}:"))) if text == _FUNCTION else 0
    return next(number for number, line in enumerate(written[begin:], begin + 1) if text in line)
