"""A function's dependencies, installed from wheels that the test makes; no index is asked."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_

from lambdakit.constructs.feature_flags import FEATURE_FLAGS
from lambdakit.constructs.function_code import layer_code
from lambdakit.constructs.lambda_function import LambdaFunction
from lambdakit.constructs.python_package import PythonTarget, built_package, dependency_file
from lambdakit.errors import SynthesisError
from tests.fakes.fake_wheels import write_wheel

pytestmark = pytest.mark.xdist_group("cdk")

ARM = PythonTarget(python="3.13", architecture="arm64")


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of wheels."""
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "greetings", "1.0", "py3-none-any", {"greetings.py": "HELLO = 'hello'\n"})
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return wheels


@pytest.fixture
def project(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "app.py").write_text("from greetings import HELLO\n")
    (directory / "requirements.txt").write_text("# what it needs\ngreetings==1.0\n")
    return directory


def _files(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def _refused(directory: Path, target: PythonTarget = ARM) -> str:
    with pytest.raises(SynthesisError) as caught:
        built_package("shop/greet.code", directory, target)
    (problem,) = caught.value.diagnostics
    assert (problem.pointer, problem.code) == ("shop/greet.code", "LK416")
    return f"{problem.problem} / {problem.hint}"


def test_the_package_holds_sources_and_dependencies_and_nothing_of_this_machine(project: Path) -> None:
    (project / "__pycache__").mkdir()
    (project / "__pycache__" / "app.cpython-311.pyc").write_bytes(b"")

    package = built_package("code", project, ARM)

    names = set(_files(package))
    assert {"app.py", "greetings.py", "requirements.txt"} <= names
    assert not any(name.endswith((".pyc", ".lock", "INSTALLER", "direct_url.json")) for name in names)
    assert not (package / "bin").exists()


def test_the_same_sources_give_the_same_bytes_and_are_built_once(project: Path, tmp_path: Path) -> None:
    first = built_package("code", project, ARM)
    at = first.stat().st_mtime_ns

    again = built_package("code", project, ARM)
    elsewhere = built_package("code", project, ARM, cache=tmp_path / "another")

    assert again == first and again.stat().st_mtime_ns == at
    assert elsewhere.name == first.name
    assert _files(elsewhere) == _files(first)


@pytest.mark.parametrize("change", ["source", "requirements", "mode", "python", "architecture", "layer"])
def test_whatever_differs_makes_another_package(project: Path, index: Path, change: str) -> None:
    write_wheel(index, "greetings", "1.1", "py3-none-any", {"greetings.py": "HELLO = 'ho'\n"})
    before = built_package("code", project, ARM)
    target = ARM
    match change:
        case "source":
            (project / "app.py").write_text("from greetings import HELLO as H\n")
        case "requirements":
            (project / "requirements.txt").write_text("greetings==1.1\n")
        case "mode":
            (project / "app.py").chmod(0o755)
        case "python":
            target = PythonTarget(python="3.12", architecture="arm64")
        case "architecture":
            target = PythonTarget(python="3.13", architecture="x86_64")
        case "layer":
            target = PythonTarget(python="3.13", architecture="arm64", is_layer=True)

    assert built_package("code", project, target) != before


def test_wheels_are_chosen_for_the_function_and_not_for_this_machine(project: Path, index: Path) -> None:
    for machine in ("aarch64", "x86_64"):
        tag = f"cp313-cp313-manylinux_2_34_{machine}"
        write_wheel(index, "native", "1.0", tag, {"native.py": f"MACHINE = {machine!r}\n"})
    (project / "requirements.txt").write_text("native\n")

    arm = built_package("code", project, ARM)
    intel = built_package("code", project, PythonTarget(python="3.13", architecture="x86_64"))

    assert "aarch64" in (arm / "native.py").read_text()
    assert "x86_64" in (intel / "native.py").read_text()


@pytest.mark.parametrize(("python", "found"), [("3.11", False), ("3.12", True)])
def test_amazon_linux_2_takes_no_wheel_for_a_newer_libc(project: Path, index: Path, python: str, found: bool) -> None:
    short = python.replace(".", "")
    tag = f"cp{short}-cp{short}-manylinux_2_34_aarch64"
    write_wheel(index, "native", "1.0", tag, {"native.py": ""})
    (project / "requirements.txt").write_text("native\n")
    target = PythonTarget(python=python, architecture="arm64")

    if found:
        assert (built_package("code", project, target) / "native.py").exists()
    else:
        assert "native" in _refused(project, target)


def test_what_has_no_wheel_is_refused_by_name(project: Path, index: Path) -> None:
    write_wheel(index, "native", "1.0", "cp313-cp313-manylinux_2_34_x86_64", {"native.py": ""})
    (project / "requirements.txt").write_text("native\n")

    assert "native" in _refused(project)
    assert "Python 3.13 on arm64" in _refused(project)


@pytest.mark.parametrize(
    ("requirements", "text"),
    [
        ("nowhere-to-be-found==1\n", "nowhere-to-be-found"),
        ("greetings==9\n", "greetings"),
        ("greetings==1.0\ngreetings==1.1\n", "greetings"),
        ("===\n", "requirements.txt"),
        ("-r missing.txt\n", "missing.txt"),
    ],
)
def test_requirements_that_cannot_be_met_are_told(project: Path, requirements: str, text: str) -> None:
    (project / "requirements.txt").write_text(requirements)

    assert text in _refused(project)


def test_nothing_half_built_is_left(project: Path, tmp_path: Path) -> None:
    (project / "requirements.txt").write_text("greetings==9\n")

    _refused(project)

    assert list((tmp_path / "cache" / "lambdakit" / "packages").iterdir()) == []


def test_several_at_once_build_one_package(project: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        packages = {*threads.map(lambda _: built_package("code", project, ARM), range(4))}

    (package,) = packages
    assert [path.name for path in package.parent.iterdir()] == [package.name]


def test_without_uv_the_way_out_is_told(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SynthesisError) as caught:
        built_package("shop/greet.code", project, ARM, scripts=tmp_path)

    (problem,) = caught.value.diagnostics
    assert problem.hint is not None and "lambdakit[package]" in problem.hint


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, None),
        ({"requirements.txt": ""}, None),
        ({"requirements.txt": "# nothing\n\n"}, None),
        ({"requirements.txt": "boto3"}, "requirements.txt"),
        ({"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, None),
        ({"pyproject.toml": "[project]\ndependencies = []\n"}, None),
        ({"pyproject.toml": '[project]\ndependencies = ["boto3"]\n'}, "pyproject.toml"),
        ({"pyproject.toml": '[project]\ndependencies = [\n  "boto3",\n]\n'}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.ruff]\n", "requirements.txt": "boto3"}, "requirements.txt"),
        ({"uv.lock": "version = 1\n"}, None),
        ({"uv.lock": "version = 1\n", "pyproject.toml": "[project]\n", "requirements.txt": "boto3"}, "uv.lock"),
    ],
)
def test_the_file_that_decides(tmp_path: Path, files: dict[str, str], found: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    decides = dependency_file(tmp_path)

    assert (None if decides is None else decides.name) == found


def test_a_project_s_dependencies_are_installed_and_not_the_project(project: Path) -> None:
    (project / "requirements.txt").unlink()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "greet"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["greetings"]\n'
    )

    package = built_package("code", project, ARM)

    assert (package / "greetings.py").exists()
    assert not list(package.glob("greet-*.dist-info"))


def test_a_layer_lies_below_python(project: Path) -> None:
    package = built_package("code", project, PythonTarget(python="3.13", architecture="arm64", is_layer=True))

    assert (package / "python" / "greetings.py").exists()
    assert [path.name for path in package.iterdir()] == ["python"]


def test_the_function_ships_the_package_under_its_own_hash(project: Path, tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path / "out"), context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False)
    stack = Stack(app, "shop")

    LambdaFunction(stack, "greet", code=project, handler="app.handler")
    lambda_.LayerVersion(stack, "layer", code=layer_code("code", project, runtime="python3.13", architecture="arm64"))
    app.synth()

    shipped = [path.relative_to(tmp_path / "out") for path in (tmp_path / "out").glob("asset.*/**/greetings.py")]
    assert sorted("/".join(path.parts[1:]) for path in shipped) == ["greetings.py", "python/greetings.py"]


def test_another_runtime_s_directory_stays_as_it_is(project: Path, tmp_path: Path) -> None:
    stack = Stack(App(context=dict(FEATURE_FLAGS), builtin_cloud_formation_validation=False), "shop")

    LambdaFunction(stack, "greet", code=project, handler="app.handler", runtime=lambda_.Runtime.NODEJS_22_X)

    assert not (tmp_path / "cache").exists()
