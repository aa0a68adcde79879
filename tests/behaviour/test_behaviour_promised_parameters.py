"""Stacks that look up, by their templates' parameters, what an earlier stack of the same deployment puts in the store.

Source: as in `lambdakit.harness.deployment.promised_parameters`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import AssemblyError, UnsupportedError
from tests.fakes.plain_assembly import write_stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-deployment")

NAME = "/shared/topic"


def maker(value: object, name: object = NAME, **more: Any) -> dict[str, Any]:
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": name, "Value": value}}
    return {"Resources": {"Parameter": {**parameter, **more}, "Topic": {"Type": "AWS::SNS::Topic"}}}


def reader(kind: str = "String", **more: Any) -> dict[str, Any]:
    return {
        "Parameters": {"Shared": {"Type": f"AWS::SSM::Parameter::Value<{kind}>", "Default": NAME}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Found": {"Value": {"Ref": "Shared"}}},
        **more,
    }


def assembly(directory: Path, first: dict[str, Any], second: dict[str, Any], **more: Any) -> Path:
    stacks = {f"maker-{directory.name}": first, f"reader-{directory.name}": second}
    names = list(stacks)
    return write_stacks(directory, stacks, dependencies={names[1]: [names[0]]}, **more)


def found(deployment: dict[str, Any]) -> Any:
    return next(stack["outputs"]["Found"] for name, stack in deployment["stacks"].items() if name.startswith("reader"))


def test_what_an_earlier_stack_makes_is_found(harness: WiredHarness, tmp_path: Path) -> None:
    deployment = harness.deploy(assembly(tmp_path, maker({"Ref": "Topic"}), reader()))

    assert str(found(deployment)).startswith("arn:aws:sns:")
    harness.destroy(deployment)


def test_its_name_may_be_put_together(harness: WiredHarness, tmp_path: Path) -> None:
    name = {"Fn::Join": ["", ["/shared/", {"Fn::Select": [1, {"Fn::Split": [",", "a,topic"]}]}]]}

    deployment = harness.deploy(assembly(tmp_path, maker("hello", name), reader()))

    assert found(deployment) == "hello"
    harness.destroy(deployment)


def test_a_condition_knows_its_value(harness: WiredHarness, tmp_path: Path) -> None:
    second = reader(Conditions={"Wanted": {"Fn::Equals": [{"Ref": "Shared"}, "yes"]}})
    second["Resources"]["Other"] = {"Type": "AWS::SNS::Topic", "Condition": "Wanted"}

    deployment = harness.deploy(assembly(tmp_path, maker("yes"), second))

    assert "Other" in next(stack for name, stack in deployment["stacks"].items() if "reader" in name)["resources"]
    harness.destroy(deployment)


def test_an_update_finds_the_new_value(harness: WiredHarness, tmp_path: Path) -> None:
    deployment = harness.deploy(assembly(tmp_path, maker("first"), reader()))

    changed = assembly(tmp_path, maker("second"), reader())
    answer = harness.call("PUT", f"deployments/{deployment['id']}", {"assembly": str(changed)})

    assert answer.status == 200, answer.body
    assert found(answer.json()) == "second"
    harness.destroy(deployment)


@pytest.mark.parametrize(
    "first",
    [maker("x", "/another"), maker("x", Condition="Never") | {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}],
    ids=["of another name", "not made"],
)
def test_what_no_stack_makes_is_refused(harness: WiredHarness, tmp_path: Path, first: dict[str, Any]) -> None:
    with pytest.raises(AssemblyError, match="there is no parameter"):
        harness.deploy(assembly(tmp_path, first, reader()))


def test_what_is_made_in_another_region_is_not_found(harness: WiredHarness, tmp_path: Path) -> None:
    elsewhere = {f"maker-{tmp_path.name}": "unknown-account/eu-west-1"}

    with pytest.raises(AssemblyError, match="there is no parameter"):
        harness.deploy(assembly(tmp_path, maker("x"), reader(), environments=elsewhere))


def test_what_is_unsupported_is_told_before_anything_is_made(harness: WiredHarness, tmp_path: Path) -> None:
    second = reader()
    second["Resources"]["Odd"] = {"Type": "AWS::Nowhere::Thing"}

    with pytest.raises(UnsupportedError, match="AWS::Nowhere::Thing"):
        harness.deploy(assembly(tmp_path, maker("x"), second))

    assert harness.aws("ssm").describe_parameters()["Parameters"] == []
