"""Functions that come as container images without an override that fits: refused, with the one to write."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import AssemblyError, DeploymentError, Diagnostic, LambdakitError
from lambdakit.session.results import LambdaApiError
from lambdakit.trace import UnsupportedIgnored
from tests.fakes.image_assembly import BY_RUNTIME, PYTHON_APP, Images
from tests.fakes.plain_assembly import function, write_stack

pytestmark = pytest.mark.xdist_group("behaviour-images")


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as running:
        yield running


@pytest.fixture
def images(tmp_path: Path) -> Images:
    return Images(tmp_path)


def _refusal(harness: Harness, assembly: Path, kind: type[LambdakitError]) -> list[Diagnostic]:
    with pytest.raises(kind) as refused:
        harness.deploy(assembly)
    assert harness.deployments == ()
    return list(refused.value.diagnostics)


def _refused_call(harness: Harness, assembly: Path) -> str:
    """Why the function `Fn` was not run."""
    deployment = harness.deploy(assembly)
    try:
        with pytest.raises(LambdaApiError) as refused:
            deployment.function("Fn").invoke()
    finally:
        deployment.destroy()
    assert refused.value.error_code == "InvalidRuntimeException"
    return refused.value.message


_SAY = "fn is a container image, and the harness runs no containers: say what runs in its place: "


class TestRefused:
    """The harness runs no containers: without an override a call is refused with the one to write."""

    def test_the_trace_tells_of_it_at_deployment(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"Dockerfile": "FROM scratch"})
        before = len(harness.trace.of(UnsupportedIgnored))

        harness.deploy(images.write()).destroy()

        (told,) = harness.trace.of(UnsupportedIgnored)[before:]
        assert (told.logical_id, told.pointer) == ("Fn", "Resources.Fn.Properties.Code.ImageUri")
        assert "is a container image, and the harness runs no containers" in told.problem

    def test_an_image_of_a_repository_of_the_same_stack_deploys(self, harness: Harness, tmp_path: Path) -> None:
        uri = {"Fn::Join": ["", [{"Fn::GetAtt": ["Repository", "RepositoryUri"]}, ":latest"]]}
        resources = function("Fn", "", Code={"ImageUri": uri}, PackageType="Image", Runtime=None, Handler=None)
        for name in ("Runtime", "Handler"):
            del resources["Fn"]["Properties"][name]

        assembly = write_stack(tmp_path, "repository", {**resources, "Repository": {"Type": "AWS::ECR::Repository"}})

        assert "is a container image, and the harness runs no containers" in _refused_call(harness, assembly)

    def test_other_functions_of_the_stack_run(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"Dockerfile": "FROM scratch"})
        images.add("Other", {"app.py": PYTHON_APP}, metadata=BY_RUNTIME)
        deployment = harness.deploy(images.write())

        answer = deployment.function("Other").invoke({"n": 1}).payload
        deployment.destroy()

        assert answer["event"] == {"n": 1}

    @pytest.mark.parametrize(
        ("dockerfile", "config", "override"),
        [
            (
                'FROM public.ecr.aws/lambda/python:3.12\nCOPY app.py ./\nCMD ["app.handler"]',
                None,
                {"runtime": "python3.12", "handler": "app.handler"},
            ),
            (
                "FROM public.ecr.aws/lambda/python:3.12-arm64\nCMD app.handler",
                None,
                {"runtime": "python3.12", "handler": "app.handler"},
            ),
            (
                'FROM public.ecr.aws/lambda/nodejs:22\nCOPY src ${LAMBDA_TASK_ROOT}/\nCMD [ "index.handler" ]',
                None,
                {"runtime": "nodejs22.x", "handler": "index.handler", "directory": "src"},
            ),
            (
                'ARG V=3.13\nFROM public.ecr.aws/lambda/python:${V}\nCOPY src/ .\nCMD ["a.b"]',
                {"Command": ["c.d"]},
                {"runtime": "python3.13", "handler": "c.d", "directory": "src"},
            ),
            (
                "FROM python:3.12-slim AS base\nFROM base\nWORKDIR /function\nCOPY src .\n"
                'ENTRYPOINT ["/usr/local/bin/python", "-m", "awslambdaric"]\nCMD ["app.handler"]',
                None,
                {"runtime": "python3.12", "handler": "app.handler", "directory": "src"},
            ),
            (
                'FROM debian\nENTRYPOINT ["/usr/bin/python3", "-m", "awslambdaric"]\nCMD ["app.handler"]',
                None,
                {"command": ["python", "-m", "awslambdaric", "app.handler"]},
            ),
            (
                'FROM alpine\nCOPY server /server\nENTRYPOINT ["/server", \\\n  "--lambda"]',
                None,
                {"command": ["/server", "--lambda"]},
            ),
            (
                "FROM node:22 AS build\nRUN npm ci\nFROM public.ecr.aws/lambda/nodejs:22\n"
                'COPY --from=build /out/* ./\nCMD ["index.handler"]',
                None,
                {"runtime": "nodejs22.x", "handler": "index.handler"},
            ),
            ("# nothing\n", None, {"command": ["python", "-m", "awslambdaric", "app.handler"]}),
            ("FROM\nCMD [1, 2]\nCOPY\nENV\nRUN", None, {"command": ["python", "-m", "awslambdaric", "app.handler"]}),
        ],
        ids=[
            "python",
            "arm64",
            "node",
            "template-command",
            "own-base",
            "client",
            "program",
            "stages",
            "no-stage",
            "bad",
        ],
    )
    def test_the_hint_is_the_override_to_write(
        self,
        harness: Harness,
        images: Images,
        dockerfile: str,
        config: Mapping[str, Any] | None,
        override: Mapping[str, object],
    ) -> None:
        images.add("Fn", {"Dockerfile": dockerfile, "src/app.py": "", "app.py": ""}, config=config)

        message = _refused_call(harness, images.write())

        assert message.startswith(_SAY + json.dumps({"images": {"Fn": override}}))
        assert f'cfn_function.add_metadata("lambdakit", {json.dumps(override)})' in message
        assert message.endswith("[LK314]")

    def test_what_the_dockerfile_installs_is_told(self, harness: Harness, images: Images) -> None:
        install = "RUN pip install -r requirements.txt && dnf install -y gcc"
        images.add("Fn", {"Dockerfile": f'FROM public.ecr.aws/lambda/python:3.13\n{install}\nCMD ["a.b"]'})

        message = _refused_call(harness, images.write())

        installed = "pip install -r requirements.txt; dnf install -y gcc"
        assert f"What its Dockerfile installs ({installed}) must be in the directory as well" in message

    def test_an_image_from_a_registry_needs_a_directory(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {}, asset=False)
        assert '"directory": "/absolute/path/of/its/code"' in _refused_call(harness, images.write())

        (refusal,) = _refusal(harness, images.write({"images": {"Fn": BY_RUNTIME}}), DeploymentError)
        assert "is no asset of the assembly" in refusal.problem
        assert refusal.pointer == "Resources.Fn.Properties.Code.ImageUri"

    @pytest.mark.parametrize("override", [{}, {"runtime": "python3.13"}, {"directory": "."}])
    def test_an_override_that_says_too_little(
        self, harness: Harness, images: Images, override: Mapping[str, object]
    ) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata=override)

        (refusal,) = _refusal(harness, images.write(), DeploymentError)

        assert "says neither what to start nor, with runtime, which handler to run" in refusal.problem

    @pytest.mark.parametrize(
        ("override", "pointer", "problem"),
        [
            ([], "", "an empty"),
            ({"comand": ["x"]}, "", '"comand" is not a key here'),
            ({"command": "python"}, ".command", '"python" is not a list'),
            ({"command": [""]}, ".command[0]", "is not a non-empty string"),
            ({"environment": {"A": 1}}, ".environment.A", "1 is not a string"),
            ({"handler": "app.handler"}, "", "no runtime that would run it"),
            ({"command": ["x"], "runtime": "python3.13", "handler": "a.b"}, ".handler", "stands beside command"),
            ({"command": ["x"], "working_directory": "src"}, ".working_directory", "is not an absolute path"),
        ],
    )
    def test_a_malformed_override(
        self, harness: Harness, images: Images, override: object, pointer: str, problem: str
    ) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata=override)

        (in_metadata,) = _refusal(harness, images.write(), AssemblyError)

        assert in_metadata.code == "LK247"
        assert in_metadata.pointer == f"Resources.Fn.Metadata.lambdakit{pointer}"
        assert problem in in_metadata.problem or (override == [] and "list" in in_metadata.problem)

    def test_a_file_that_names_what_is_no_image(self, harness: Harness, images: Images) -> None:
        images.add("Resize", {"app.py": PYTHON_APP}, metadata=BY_RUNTIME)

        (refusal,) = _refusal(harness, images.write({"images": {"Rezise": BY_RUNTIME}}), AssemblyError)

        assert refusal.code == "LK247"
        assert refusal.path.endswith("lambdakit-overrides.json")
        assert refusal.problem == '"Rezise" is no function with a container image'
        assert refusal.hint == "did you mean 'Resize'?"

    def test_a_directory_that_is_not_there(self, harness: Harness, images: Images) -> None:
        images.add("Fn", {"app.py": PYTHON_APP}, metadata={**BY_RUNTIME, "directory": "sorce"})

        (refusal,) = _refusal(harness, images.write(), DeploymentError)

        assert "names the directory 'sorce', which does not exist" in refusal.problem


def test_a_project_s_file_comes_along_with_its_assembly(images: Images, tmp_path: Path) -> None:
    images.add("Fn", {"app.py": PYTHON_APP})
    written = images.write()
    project = tmp_path / "project"
    project.mkdir()
    copy = f"import os, shutil; shutil.copytree({str(written)!r}, os.environ['CDK_OUTDIR'])"
    (project / "app.py").write_text(copy)
    (project / "cdk.json").write_text(json.dumps({"app": "python app.py"}))
    (project / "lambdakit-overrides.json").write_text(json.dumps({"images": {"Fn": BY_RUNTIME}}))

    with Harness() as harness:
        assert harness.deploy(project).function("Fn").invoke({"n": 1}).payload["event"] == {"n": 1}
