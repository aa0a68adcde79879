from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lambdakit.cli.application import application
from tests.fakes.plain_assembly import Resources, write_stacks

RESOURCES: Resources = {
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "TableName": "orders"},
        "Metadata": {"aws:cdk:path": "shop/orders/Table/Resource"},
    },
}
YAML = """
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TableName: !Sub "orders"
"""


def run(*arguments: str | Path) -> Result:
    texts = [str(argument) for argument in arguments]
    return CliRunner().invoke(application(texts), texts, prog_name="lambdakit")


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    later = copy.deepcopy(RESOURCES)
    later["Table"]["Properties"]["TableName"] = "other"
    directory = write_stacks(tmp_path / "later", {"shop": {"Resources": later}})
    place = {"pointer": "patterns.orders.table", "line": 9, "column": 5}
    source_map = {"version": 1, "document": "app.yaml", "stacks": {"shop": {"Table": place}}}
    (directory / "lambdakit-source-map.json").write_text(json.dumps(source_map))
    return directory


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    return write_stacks(tmp_path / "earlier", {"shop": {"Resources": RESOURCES}})


def test_what_loses_data_comes_first_with_its_line(assembly: Path, earlier: Path) -> None:
    compared = run("diff", assembly, "--against", earlier)

    assert compared.exit_code == 0
    assert compared.stdout.splitlines()[:2] == [
        "data at stake",
        "  AWS::DynamoDB::Table orders/Table is replaced by an empty one because of TableName: its data is deleted"
        "  [app.yaml:9]",
    ]
    assert "      TableName: orders -> other  (replaces)" in compared.stdout
    assert compared.stdout.endswith("resources: 1 replaced; security: 0\n")


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--exit-code",), 1)])
def test_exit_code_tells_a_difference_when_asked(assembly: Path, earlier: Path, options: tuple[str], code: int) -> None:
    assert run("diff", assembly, "--against", earlier, *options).exit_code == code


def test_nothing_changed_is_said_and_is_0(earlier: Path) -> None:
    compared = run("diff", earlier, "--against", earlier, "--exit-code")

    assert (compared.exit_code, compared.stdout) == (0, "nothing changes\n")


def test_json_is_for_programs(assembly: Path, earlier: Path) -> None:
    report = json.loads(run("diff", assembly, "--against", earlier, "--format", "json").stdout)

    assert report["stacks"][0]["resources"][0]["line"] == 9


@pytest.mark.parametrize("name", ["shop.template.json", "anything.yaml"])
def test_earlier_state_may_be_a_template(assembly: Path, tmp_path: Path, name: str) -> None:
    template = tmp_path / name
    template.write_text(YAML if name.endswith("yaml") else json.dumps({"Resources": RESOURCES}))

    compared = run("diff", assembly, "--against", template)

    assert "TableName" in compared.stdout


def test_template_of_one_of_several_stacks_is_told_by_its_name(tmp_path: Path) -> None:
    both = {"a": {"Resources": RESOURCES}, "b": {"Resources": RESOURCES}}
    assembly = write_stacks(tmp_path / "both", both)
    empty = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    (tmp_path / "b.template.json").write_text(empty)
    (tmp_path / "c.json").write_text(empty)

    named = run("diff", assembly, "--against", tmp_path / "b.template.json")
    unnamed = run("diff", assembly, "--against", tmp_path / "c.json")

    assert "stack b" in named.stdout
    assert "stack a" not in named.stdout
    assert (unnamed.exit_code, "[LK251]" in unnamed.stderr) == (1, True)


def test_of_several_stacks_each_says_which_loses_its_data(tmp_path: Path) -> None:
    names = ("shop", "shop-staging")
    later = copy.deepcopy(RESOURCES)
    later["Table"]["Properties"]["TableName"] = "other"
    assembly = write_stacks(tmp_path / "later", {name: {"Resources": later} for name in names})
    earlier = write_stacks(tmp_path / "earlier", {name: {"Resources": RESOURCES} for name in names})

    _, *endangered = run("diff", assembly, "--against", earlier).stdout.splitlines()[:3]

    assert [line.split(": ")[0] for line in endangered] == ["  shop", "  shop-staging"]


def test_missing_earlier_state_is_a_message(assembly: Path, tmp_path: Path) -> None:
    document = tmp_path / "lambdakit.yaml"

    beside = run("diff", document)
    asked = run("diff", assembly, "--against", tmp_path / "none")
    none = run("diff", assembly)

    assert f"{tmp_path / 'cdk.out'}: there is no earlier assembly to compare with [LK250]" in beside.stderr
    assert f"run `lambdakit synth {document} -o {tmp_path / 'cdk.out'}`" in beside.stderr
    assert "[LK250]" in asked.stderr
    assert "[LK250]" in none.stderr


def test_template_that_cannot_be_read_is_a_message(assembly: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("Resources: {Table: !Frobnicate x}")

    compared = run("diff", assembly, "--against", broken)

    assert compared.exit_code == 1
    assert compared.stderr.startswith(f"{broken}:1:20: ")
