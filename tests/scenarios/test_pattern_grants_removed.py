"""The patterns without one of the statements that their functions are granted: each is missed, at its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.assembly.source_map import SOURCE_MAP
from lambdakit.compiler.synthesize import Compiler
from tests.fakes.pattern_traffic import clicks, orders, thumbnails
from tests.fakes.removed_grants import Assembly, Traffic, problems_without_each_grant

pytestmark = pytest.mark.xdist_group("cdk")

PATTERNS = Path(__file__).parents[2] / "patterns"


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    """One of its own: in the worker's, the patterns of other tests are deployed."""
    with Harness() as started:
        yield started


@pytest.mark.parametrize(
    ("pattern", "stack", "traffic", "lines"),
    [
        pytest.param(
            "api_backend",
            "shop",
            orders,
            {name: f"{{name: {name}," for name in ("create_order", "list_orders", "read_order", "delete_order")},
            id="api_backend",
        ),
        pytest.param("event_processing", "pictures", thumbnails, {"thumbnails": "function:"}, id="event_processing"),
        pytest.param("stream_processing", "site", clicks, {"clicks": "function:"}, id="stream_processing"),
    ],
)
def test_each_grant_that_is_taken_away_is_missed_at_its_line_of_the_document(
    harness: Harness,
    compiler: Compiler,
    tmp_path: Path,
    pattern: str,
    stack: str,
    traffic: Traffic,
    lines: dict[str, str],
) -> None:
    document = PATTERNS / pattern / "lambdakit.yaml"
    assembly = Assembly(compiler.synthesize(document), stack, tmp_path / "assembly")
    source_map = assembly.directory / SOURCE_MAP
    source_map.write_text(json.dumps({**json.loads(source_map.read_text()), "document": str(document)}))
    written = document.read_text().splitlines()
    numbers = {
        name: next(number for number, line in enumerate(written, 1) if text in line) for name, text in lines.items()
    }

    problems = problems_without_each_grant(
        harness,
        assembly,
        traffic,
        places={name: f"/{pattern}/lambdakit.yaml:{number}" for name, number in numbers.items()},
    )

    assert problems == []
    assert {grant.function for grant in assembly.grants()} == set(lines)
