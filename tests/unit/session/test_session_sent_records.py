"""Records on their way to a mapping: which one is meant, and how they are written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lambdakit.session.sent_records import mapping_name, records_to_wire


def deployment(*functions: str, **mappings: str) -> Any:
    resources = {
        name: SimpleNamespace(
            logical_id=name, path=f"stack/{name}", physical_id=uuid, type="AWS::Lambda::EventSourceMapping"
        )
        for name, uuid in mappings.items()
    }
    named = [
        SimpleNamespace(name=name, logical_id=f"{name}Id", path=f"stack/{name}/Resource", stack="s", also_called=())
        for name in functions
    ]
    return SimpleNamespace(stacks={"stack": SimpleNamespace(resources=resources)}, functions=named)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Jobs", "uuid-1"),
        ("stack/Jobs", "uuid-1"),
        ("uuid-1", "uuid-1"),
        ("resize", "resize-A1"),
        ("arn:aws:kafka:eu-west-1:1:cluster/c/1", "arn:aws:kafka:eu-west-1:1:cluster/c/1"),
        ("nobody", "nobody"),
    ],
)
def test_a_mapping_is_what_a_deployment_calls_it(wanted: str, name: str) -> None:
    assert mapping_name(wanted, [deployment("other"), deployment("resize-A1", Jobs="uuid-1")]) == name


def test_bytes_are_written_as_base64_wherever_they_stand() -> None:
    records = [{"value": b"\x00\x01", "headers": [{"h": bytearray(b"x")}]}, {"key": "k", "partition": 1, "value": None}]

    assert records_to_wire(records) == [
        {"value": {"$bytes": "AAE="}, "headers": [{"h": {"$bytes": "eA=="}}]},
        {"key": "k", "partition": 1, "value": None},
    ]
