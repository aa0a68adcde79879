"""`diff`, `graph` and `import` as a user calls them, on a document that the compiler makes an assembly of."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

PATTERN = Path(__file__).parents[2] / "patterns" / "api_backend"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  ListOrders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/orders/
      Handler: app.list_all
      Runtime: python3.13
      Policies: [DynamoDBReadPolicy: {TableName: !Ref Orders}]
      Events:
        List: {Type: HttpApi, Properties: {Path: /orders, Method: get}}
  Orders:
    Type: AWS::Serverless::SimpleTable
"""


def run(*arguments: str | Path, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lambdakit", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=variables or os.environ,
        timeout=120,
    )


@pytest.fixture
def document(tmp_path: Path) -> Path:
    shutil.copytree(PATTERN, tmp_path / "shop", ignore=shutil.ignore_patterns("cdk.out", "__pycache__"))
    return tmp_path / "shop" / "lambdakit.yaml"


def test_change_of_a_document_is_told_with_its_lines(document: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    variables = {**os.environ, "TMPDIR": str(temporary)}
    assert run("synth", document, "-o", document.parent / "cdk.out").returncode == 0
    unchanged = run("diff", document, "--exit-code", variables=variables)
    document.write_text(document.read_text().replace("partition_key: order_id", "partition_key: id"))
    code = document.parent / "functions" / "orders" / "app.py"
    code.write_text(code.read_text() + "\nCHANGED = True\n")

    changed = run("diff", document, "--exit-code", variables=variables)

    assert (unchanged.returncode, unchanged.stdout) == (0, "nothing changes\n")
    assert (changed.returncode, changed.stderr) == (1, "")
    first, second, *_ = changed.stdout.splitlines()
    assert first == "data at stake"
    line = next(number for number, text in enumerate(document.read_text().splitlines(), start=1) if "table: {" in text)
    assert second.startswith(
        "  AWS::DynamoDB::GlobalTable orders/Table is replaced by an empty one because of KeySchema"
    )
    assert second.endswith(f"[{document}:{line}]")
    assert "Code: its content changed (~ app.py)" in changed.stdout
    assert "a new version" in changed.stdout
    assert "CurrentVersion" not in changed.stdout
    assert list(temporary.iterdir()) == []


def test_picture_of_a_document_shows_its_routes_and_table(document: Path) -> None:
    text = run("graph", document)
    picture = run("graph", document, "-o", document.parent / "shop.svg")

    assert (text.returncode, picture.returncode) == (0, 0)
    assert '(["POST /orders"])' in text.stdout
    assert '|"reads, writes"|' in text.stdout
    titles = [
        title.text for title in ElementTree.parse(document.parent / "shop.svg").iter() if title.tag.endswith("title")
    ]
    assert "function create_order" in titles
    assert "table orders/Table" in titles


def test_imported_document_runs(document: Path) -> None:
    document.unlink()
    (document.parent / "template.yaml").write_text(SAM)

    imported = run("import", document.parent / "template.yaml")
    called = run("invoke", document, "list_orders")

    assert (imported.returncode, imported.stderr) == (0, "")
    assert called.returncode == 0, called.stderr
    assert json.loads(called.stdout)["statusCode"] == 200
