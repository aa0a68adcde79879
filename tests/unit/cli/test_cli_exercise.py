from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit.cli.exercise import call_with_events, run_command
from lambdakit.errors import SourceError
from lambdakit.session.deployment import Deployment
from lambdakit.session.harness import Harness
from tests.fakes.fake_assembly import fake_harness, write_assembly

FUNCTIONS = {
    "shop-create-echo": "shop/orders/create/Resource",
    "shop-create-many-echo": "shop/orders/create_many/Resource",
    "shop-delete-fail": "shop/orders/delete/Resource",
}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with fake_harness() as started:
        yield started


@pytest.fixture
def deployment(harness: Harness, tmp_path: Path) -> Deployment:
    return harness.deploy(write_assembly(tmp_path / "assembly", functions=FUNCTIONS))


@pytest.fixture
def events(tmp_path: Path) -> Path:
    directory = tmp_path / "events"
    directory.mkdir()
    return directory


def called(deployment: Deployment, harness: Harness) -> dict[str, list[object]]:
    return {
        function.name: [invocation.event for invocation in function.invocations]
        for function in deployment.functions
        if function.invocations
    }


def test_events_go_to_the_function_that_they_are_called_after(
    harness: Harness, deployment: Deployment, events: Path
) -> None:
    harness.trace.clear()
    for name in ("create", "create_without_sku", "create_many", "create_many-twice", "shop-create-echo.direct"):
        (events / f"{name}.json").write_text(json.dumps({"event": name}))
    (events / "README.md").write_text("no event")

    failures = list(call_with_events(deployment, events))

    assert failures == []
    assert called(deployment, harness) == {
        "shop-create-echo": [{"event": name} for name in ("create", "create_without_sku", "shop-create-echo.direct")],
        "shop-create-many-echo": [{"event": "create_many-twice"}, {"event": "create_many"}],
    }


def test_functions_that_fail_are_told_and_do_not_stop_the_others(deployment: Deployment, events: Path) -> None:
    (events / "delete.json").write_text("{}")
    (events / "delete_again.json").write_text("{}")

    failures = list(call_with_events(deployment, events))

    assert [failure.partition(": ")[0] for failure in failures] == ["delete.json", "delete_again.json"]
    assert "no such sku" in failures[0]


def test_every_event_of_no_function_is_named_before_any_is_sent(
    harness: Harness, deployment: Deployment, events: Path
) -> None:
    harness.trace.clear()
    for name in ("create", "update", "creation"):
        (events / f"{name}.json").write_text("{}")

    with pytest.raises(SourceError) as refused:
        list(call_with_events(deployment, events))

    assert [diagnostic.path for diagnostic in refused.value.diagnostics] == [
        str(events / "creation.json"),
        str(events / "update.json"),
    ]
    assert "there are create, create_many, delete" in str(refused.value)
    assert called(deployment, harness) == {}


def test_event_that_is_no_json_is_refused(deployment: Deployment, events: Path) -> None:
    (events / "create.json").write_text("{")

    with pytest.raises(SourceError, match="the event is no JSON"):
        list(call_with_events(deployment, events))


@pytest.mark.parametrize("make", [True, False], ids=["empty", "missing"])
def test_directory_without_events_is_refused(deployment: Deployment, tmp_path: Path, make: bool) -> None:
    directory = tmp_path / "none"
    if make:
        directory.mkdir()

    with pytest.raises(SourceError, match=r"holds no events|cannot be read: No such file") as refused:
        list(call_with_events(deployment, directory))

    assert refused.value.diagnostics[0].code == "LK553"


def test_command_talks_to_the_harness(
    harness: Harness, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("ELSEWHERE", "kept")
    script = tmp_path / "script.py"
    written = tmp_path / "written.json"
    script.write_text(
        f"import json, os, pathlib; pathlib.Path({str(written)!r}).write_text(json.dumps(dict(os.environ)))"
    )

    failure = run_command(f"{sys.executable} {script}", harness, deployment)

    variables = json.loads(written.read_text())
    assert failure is None
    assert variables["AWS_ENDPOINT_URL"] == harness.endpoint_url
    assert json.loads(variables["LAMBDAKIT_OUTPUTS"]) == deployment.outputs
    assert ("AWS_PROFILE" in variables, variables["ELSEWHERE"]) == (False, "kept")


def test_command_that_fails_is_told(harness: Harness, deployment: Deployment) -> None:
    failure = run_command(f"{sys.executable} -c 'raise SystemExit(3)'", harness, deployment)

    assert failure is not None
    assert (
        failure.render() == f"--exercise {sys.executable + ' -c ' + repr('raise SystemExit(3)')!r} ended with 3 [LK564]"
    )


@pytest.mark.parametrize(
    ("command", "problem"),
    [("no-such-program-here", "No such file"), ("'unclosed", "No closing quotation"), ("", "cannot be started")],
)
def test_command_that_cannot_be_started_is_refused(
    harness: Harness, deployment: Deployment, command: str, problem: str
) -> None:
    with pytest.raises(SourceError, match=problem) as refused:
        run_command(command, harness, deployment)

    assert refused.value.diagnostics[0].code == "LK563"
