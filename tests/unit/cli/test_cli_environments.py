"""`--environment NAME` of the commands that take documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application

pytestmark = pytest.mark.xdist_group("cdk")

DOCUMENT = """\
application: shop
patterns:
  orders:
    kind: api_backend
    table: {partition_key: id}
    routes:
      GET /orders: {name: list_orders, code: code, handler: app.handler, runtime: python3.13}
environments:
  staging: {defaults: {memory_size: 1024}}
  production: {patterns: {orders: {table: none}}}
"""


def run(*arguments: str | Path) -> Result:
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(application(texts), texts, prog_name="lambdakit")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context):\n    return event\n")
    (tmp_path / "lambdakit.yaml").write_text(DOCUMENT)
    return tmp_path / "lambdakit.yaml"


def stacks(assembly: Path) -> set[str]:
    return {path.name.partition(".")[0] for path in assembly.glob("*.template.json")}


@pytest.mark.parametrize(
    "command",
    [("validate",), ("synth",), ("diff", "--against", "code"), ("graph",), ("run",), ("invoke", "list_orders")],
)
def test_an_unknown_environment_is_a_message_with_the_nearest(
    document: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(document.parent)
    name, *others = command

    refused = run(name, "lambdakit.yaml", *others, "--environment", "stagin")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        'lambdakit.yaml:8:1: environments: the document has no environment "stagin" [LK155]\n  hint: write staging\n'
    )


@pytest.mark.parametrize("command", [("diff", "--against", "."), ("graph",), ("run",), ("invoke", "list_orders")])
def test_what_is_no_document_has_no_environments(
    document: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(document.parent)
    name, *others = command

    refused = run(name, ".", *others, "--environment", "staging")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "this is no document, and nothing else has environments [LK201]" in refused.stderr


def test_validate_looks_at_one_environment_alone(document: Path) -> None:
    document.write_text(DOCUMENT.replace("1024", "1"))

    refused, valid = (run("validate", document, "--environment", name) for name in ("staging", "production"))

    assert (refused.exit_code, valid.exit_code) == (1, 0)
    assert "environments.staging.defaults.memory_size: 1 MiB is below 128 MiB" in refused.stderr


def test_synth_writes_one_stack_or_all(document: Path, tmp_path: Path) -> None:
    assert run("synth", document, "-o", tmp_path / "all").exit_code == 0
    assert run("synth", document, "-o", tmp_path / "one", "--environment", "production").exit_code == 0

    assert stacks(tmp_path / "all") == {"shop", "shop-staging", "shop-production"}
    assert stacks(tmp_path / "one") == {"shop-production"}


def test_diff_compares_one_environment_with_its_own_earlier_stack(document: Path, tmp_path: Path) -> None:
    run("synth", document, "-o", tmp_path / "cdk.out")
    document.write_text(DOCUMENT.replace("1024", "2048"))

    told = {
        name: json.loads(run("diff", document, "--format", "json", *narrowed).stdout) for name, narrowed in NARROWED
    }

    assert [stack["name"] for stack in told["all"]["stacks"]] == ["shop-staging"]
    assert [stack["name"] for stack in told["staging"]["stacks"]] == ["shop-staging"]
    assert told["production"]["stacks"] == []


NARROWED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("all", ()),
    ("staging", ("--environment", "staging")),
    ("production", ("--environment", "production")),
)


def test_graph_draws_the_documents_own_stack_or_an_environments(document: Path) -> None:
    own, production = run("graph", document).stdout, run("graph", document, "--environment", "production").stdout

    assert "n_shop_orders" in own and "n_shop_production" not in own
    assert "n_shop_production" in production and "table" in own and "table" not in production
