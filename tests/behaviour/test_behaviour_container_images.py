"""Functions that come as container images, and what an override runs in their place.

Source: AWS Lambda Developer Guide, "Create a Lambda function using a container image".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.trace import RuntimeNote
from tests.fakes.image_assembly import BY_COMMAND, BY_RUNTIME, PYTHON_APP, Images

pytestmark = pytest.mark.xdist_group("behaviour-images")

_NODE_APP = "exports.handler = async (event) => ({event, cwd: process.cwd()});"
# Speaks the Runtime API by itself, as any program of any language may.
_OWN_CLIENT = """\
#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
exec python3 - "$api" "$@" <<'END'
import sys, urllib.request
api, *words = sys.argv[1:]
while True:
    with urllib.request.urlopen(api + "/next") as event:
        request_id = event.headers["Lambda-Runtime-Aws-Request-Id"]
        event.read()
    body = ('"own client, ' + " ".join(words) + '"').encode()
    urllib.request.urlopen(urllib.request.Request(f"{api}/{request_id}/response", body)).close()
END
"""


@pytest.fixture(scope="module", params=["auto", "off"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with Harness(sandbox=request.param) as running:
        yield running


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path)


def _answers(harness: Harness, assembly: Path, *names: str) -> list[Any]:
    deployment = harness.deploy(assembly)
    try:
        return [deployment.function(name).invoke({"n": 1}).raise_for_error().payload for name in names]
    finally:
        deployment.destroy()


class TestRuns:
    @pytest.mark.parametrize("override", [BY_COMMAND, BY_RUNTIME], ids=["command", "runtime"])
    def test_by_the_metadata_of_its_resource(
        self, harness: Harness, images: Images, override: Mapping[str, object]
    ) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata={**override, "environment": {"STAGE": "image"}})

        (answer,) = _answers(harness, images.write(), "Fn")

        assert (answer["event"], answer["stage"]) == ({"n": 1}, "image")
        assert answer["env"] == ("AWS_Lambda_python3.13" if "runtime" in override else None)

    @pytest.mark.parametrize("name", ["Fn", "images/FnConstruct", "images/FnConstruct/Resource", "fn"])
    @pytest.mark.parametrize("beside", [True, False], ids=["beside-cdk-json", "in-the-assembly"])
    def test_by_a_file_that_names_it(self, harness: Harness, images: Images, name: str, beside: bool) -> None:
        images.add("Fn", {"app.py": PYTHON_APP})

        (answer,) = _answers(harness, images.write({"images": {name: BY_RUNTIME}}, beside=beside), "Fn")

        assert answer["event"] == {"n": 1}

    def test_the_file_goes_before_the_metadata(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata=BY_RUNTIME)

        assembly = images.write({"images": {"Fn": {"runtime": "python3.13", "handler": "app.other"}}})

        assert _answers(harness, assembly, "Fn") == ["other"]

    def test_the_template_s_command_is_the_handler_where_the_override_names_none(
        self, harness: Harness, images: Images
    ) -> None:
        images.add("One", {"app.py": PYTHON_APP}, config={"Command": ["app.other"]}, metadata={"runtime": "python3.13"})
        images.add(
            "Two", {"app.js": _NODE_APP}, config={"Command": ["app.handler"]}, metadata={"runtime": "nodejs22.x"}
        )

        one, two = _answers(harness, images.write(), "One", "Two")

        assert one == "other"
        assert two["event"] == {"n": 1}

    def test_the_template_s_entry_point_is_started_where_the_override_names_nothing_else(
        self, harness: Harness, images: Images
    ) -> None:
        config = {"EntryPoint": ["python3", "-m", "awslambdaric"], "Command": ["app.other"]}
        images.add("Fn", {"app.py": PYTHON_APP}, config=config, metadata={})

        assert _answers(harness, images.write(), "Fn") == ["other"]

    def test_a_program_of_its_own(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"bin/run": _OWN_CLIENT}, metadata={"command": ["/var/task/bin/run", "two", "words"]})
        images.add(
            "Relative", {"bin/run": _OWN_CLIENT}, metadata={"command": ["./run"], "working_directory": "/var/task/bin"}
        )

        assert _answers(harness, images.write(), "Fn", "Relative") == ["own client, two words", "own client, "]

    def test_its_directory_is_below_the_build_context(self, harness: Harness, images: Images) -> None:
        images.add(
            "Fn", {"src/app.py": PYTHON_APP, "Dockerfile": "FROM x"}, metadata={**BY_RUNTIME, "directory": "src"}
        )

        (answer,) = _answers(harness, images.write(), "Fn")

        assert answer["event"] == {"n": 1}

    def test_an_image_from_a_registry_runs_from_a_directory_of_this_machine(
        self, harness: Harness, images: Images, tmp_path: Path
    ) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "app.py").write_text(PYTHON_APP)
        images.add("Fn", {}, asset=False)

        assembly = images.write({"images": {"Fn": {**BY_RUNTIME, "directory": str(tmp_path / "mine")}}})

        assert _answers(harness, assembly, "Fn")[0]["event"] == {"n": 1}

    def test_its_working_directory_is_the_image_s(self, harness: Harness, images: Images) -> None:
        config = {"WorkingDirectory": "/var/task/inner"}
        own = {"command": ["python", "-m", "awslambdaric", "app.handler"]}
        images.add("Fn", {"inner/app.py": PYTHON_APP}, config=config, metadata=own)

        (answer,) = _answers(harness, images.write(), "Fn")

        assert answer["cwd"].endswith("/inner")

    def test_what_it_adds_to_the_search_path_is_found(self, harness: Harness, images: Images) -> None:
        files = {"app.py": "import needed\ndef handler(e, c): return needed.X", "vendor/needed.py": "X = 'vendored'"}
        images.add("Fn", files, metadata={**BY_COMMAND, "environment": {"PYTHONPATH": "/var/task/vendor"}})

        assert _answers(harness, images.write(), "Fn") == ["vendored"]

    def test_the_trace_says_that_it_is_no_container(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata=BY_COMMAND)

        _answers(harness, images.write(), "Fn")

        notes = [event.note for event in harness.trace.events if isinstance(event, RuntimeNote)]
        assert any("runs python -m awslambdaric app.handler in place of its container image" in note for note in notes)


class TestCannotStart:
    @pytest.mark.parametrize(
        ("override", "error_type", "message"),
        [
            (
                {"command": ["no-such-program"]},
                "Runtime.InvalidEntrypoint",
                'exec: "no-such-program": executable file not found in $PATH',
            ),
            ({"command": ["/var/task/missing"]}, "Runtime.InvalidEntrypoint", "no such file or directory"),
            ({"command": ["/var/task/plain.txt"]}, "Runtime.InvalidEntrypoint", "permission denied"),
            (
                {**BY_COMMAND, "working_directory": "/var/task/nowhere"},
                "Runtime.InvalidWorkingDir",
                "chdir /var/task/nowhere: no such file or directory",
            ),
            ({"command": ["sh", "-c", "exit 5"]}, "Runtime.ExitError", "exit status 5"),
        ],
    )
    def test_is_aws_s_error(
        self, harness: Harness, images: Images, override: Mapping[str, object], error_type: str, message: str
    ) -> None:
        images.add("Fn", {"app.py": PYTHON_APP, "plain.txt": "text"}, metadata=override)
        (images.directory / "asset.Fn" / "plain.txt").chmod(0o644)
        deployment = harness.deploy(images.write())

        try:
            error = deployment.function("Fn").invoke().payload
        finally:
            deployment.destroy()

        assert error["errorType"] == error_type
        assert error["errorMessage"].endswith(message)
