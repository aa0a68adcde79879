"""`lambdakit eject`: where it writes, and what it never writes over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from lambdakit.constructs.feature_flags import FEATURE_FLAGS

pytestmark = pytest.mark.xdist_group("cdk")

FILES = ("app.py", "shop_stack.py", "cdk.json")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(application(arguments), arguments, prog_name="lambdakit")


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = tmp_path / "project"
    (project / "code").mkdir(parents=True)
    (project / "code" / "app.py").write_text("def handler(event, context): ...\n")
    path = project / "lambdakit.yaml"
    path.write_text(
        "application: shop\n"
        "patterns:\n"
        "  orders:\n"
        "    kind: api_backend\n"
        "    routes:\n"
        "      GET /orders: {code: code, handler: app.handler}\n"
    )
    return path


def test_files_are_beside_the_document_unless_asked_otherwise(document: Path) -> None:
    done = run("eject", str(document))

    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [str(document.parent / name) for name in FILES]
    assert all((document.parent / name).is_file() for name in FILES)
    assert "PROJECT = Path(__file__).parent\n" in (document.parent / "shop_stack.py").read_text()


def test_a_directory_is_made_where_there_is_none(document: Path) -> None:
    directory = document.parent / "infrastructure" / "cdk"

    done = run("eject", str(document), "-o", str(directory))

    assert done.exit_code == 0, done.stderr
    assert "PROJECT = Path(__file__).resolve().parents[2]\n" in (directory / "shop_stack.py").read_text()


def test_cdk_json_says_what_documents_are_compiled_with(document: Path) -> None:
    run("eject", str(document))

    settings = json.loads((document.parent / "cdk.json").read_text())
    assert settings["app"] == "python app.py"
    assert settings["versionReporting"] is False
    assert settings["context"] == dict(FEATURE_FLAGS)


def test_nothing_is_written_over_what_is_there(document: Path) -> None:
    (document.parent / "cdk.json").write_text("mine")
    before = sorted(document.parent.iterdir())

    refused = run("eject", str(document))

    assert refused.exit_code == 1
    assert f"{document.parent}: holds cdk.json already, and nothing is written over it [LK257]" in refused.stderr
    assert "--force" in refused.stderr
    assert sorted(document.parent.iterdir()) == before
    assert (document.parent / "cdk.json").read_text() == "mine"


def test_a_link_to_nowhere_is_there_too(document: Path) -> None:
    (document.parent / "app.py").symlink_to(document.parent.parent / "nowhere.py")

    refused = run("eject", str(document))

    assert refused.exit_code == 1
    assert "holds app.py already" in refused.stderr
    assert not (document.parent.parent / "nowhere.py").exists()


def test_force_replaces_files_and_follows_no_link(document: Path) -> None:
    elsewhere = document.parent.parent / "elsewhere.py"
    elsewhere.write_text("theirs")
    (document.parent / "app.py").symlink_to(elsewhere)
    (document.parent / "cdk.json").write_text("mine")

    done = run("eject", str(document), "--force")

    assert done.exit_code == 0, done.stderr
    assert elsewhere.read_text() == "theirs"
    assert not (document.parent / "app.py").is_symlink()
    assert json.loads((document.parent / "cdk.json").read_text())["app"] == "python app.py"
    assert not [path.name for path in document.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_a_directory_is_never_replaced_by_a_file(document: Path, force: tuple[str, ...]) -> None:
    (document.parent / "app.py").mkdir()

    refused = run("eject", str(document), *force)

    assert refused.exit_code == 1
    assert "app.py: is a directory, where a file is to be written [LK258]" in refused.stderr


@pytest.mark.parametrize("place", ["lambdakit.yaml", "lambdakit.yaml/cdk", "broken"])
def test_what_is_no_directory_is_refused_before_anything_runs(document: Path, place: str) -> None:
    (document.parent / "broken").symlink_to(document.parent / "nowhere")

    refused = run("eject", str(document), "-o", str(document.parent / place))

    assert refused.exit_code == 1
    assert "is no directory, and none can be made there [LK258]" in refused.stderr
    assert not (document.parent / "nowhere").exists()


def test_mistakes_of_the_document_come_as_everywhere(document: Path) -> None:
    document.write_text(document.read_text().replace("api_backend", "api_backends"))

    refused = run("eject", str(document))

    assert refused.exit_code == 1
    assert f"{document}:4:11: patterns.orders.kind" in refused.stderr
    assert [path.name for path in sorted(document.parent.iterdir())] == ["code", "lambdakit.yaml"]


def test_code_outside_the_project_is_refused(document: Path) -> None:
    document.write_text(document.read_text().replace("code: code", "code: ../elsewhere"))

    refused = run("eject", str(document))

    assert refused.exit_code == 1
    assert "../elsewhere" in refused.stderr
    assert not (document.parent / "app.py").exists()


def test_one_environment_can_be_asked_for(document: Path) -> None:
    document.write_text(f"{document.read_text()}environments: {{staging: {{region: eu-west-1}}}}\n")

    done = run("eject", str(document), "--environment", "staging")

    assert done.exit_code == 0, done.stderr
    assert [Path(line).name for line in done.stdout.splitlines()] == ["app.py", "shop_staging_stack.py", "cdk.json"]


def test_an_environment_that_is_not_there_is_refused(document: Path) -> None:
    refused = run("eject", str(document), "--environment", "live")

    assert refused.exit_code == 1
    assert '"live" [LK155]' in refused.stderr
    assert not (document.parent / "app.py").exists()
