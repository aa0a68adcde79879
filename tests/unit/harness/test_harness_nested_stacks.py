"""Stacks within stacks: templates that are assets, parameters in, outputs out, and all of it taken away together.

Source: CloudFormation Template Reference, "AWS::CloudFormation::Stack".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import AssemblyError, DeploymentError, UnsupportedError
from tests.fakes.thing_deployments import ThingDeployments, Things, template

pytestmark = pytest.mark.xdist_group("moto")

_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


class Nesting:
    """One stack with one nested in it, whose template is the asset `nested.json`."""

    def __init__(self, directory: Path) -> None:
        self.deployments = ThingDeployments(directory)
        self._out = directory / "out"

    def assembly(self, nested: dict[str, Any], *, beside: Things | None = None, **properties: Any) -> Path:
        self._out.mkdir(exist_ok=True)
        path = self._out / "nested.json"
        path.write_text(json.dumps(nested))
        inner = {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {
                "TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/" + _BUCKET + "/nested.json"},
                **properties,
            },
        }
        outer = template(beside or {}, Out={"Value": {"Fn::GetAtt": ["Inner", "Outputs.Name"]}})
        outer["Resources"]["Inner"] = inner
        return self.deployments.assembly({"outer": outer}, assets={"nested.json": path})

    def deploy(self, nested: dict[str, Any], **more: Any) -> str:
        return self.deployments.deployer.deploy(self.assembly(nested, **more), stacks=None, parameters={}).id


@pytest.fixture
def nesting(tmp_path: Path) -> Nesting:
    return Nesting(tmp_path)


def _nested(size: object = 1, **things: Any) -> dict[str, Any]:
    content = template({"A": {"Size": size}, **things}, Name={"Value": {"Fn::GetAtt": ["A", "Name"]}})
    return {**content, "Parameters": {"Size": {"Type": "String", "Default": "7"}}}


def test_parameters_go_in_and_outputs_come_out(nesting: Nesting) -> None:
    identity = nesting.deploy(_nested({"Ref": "Size"}), Parameters={"Size": 3})

    deployer = nesting.deployments
    outer, inner = deployer.stacks.all()
    assert (outer.name, outer.outputs, inner.parent) == ("outer", {"Out": "A"}, outer)
    assert inner.name.startswith("outer-Inner-")
    assert outer.resources["Inner"].provisioned.physical_id == inner.stack_id
    assert deployer.thing.there == {"physical-A": {"Size": "3"}}

    deployer.deployer.destroy(identity)
    assert (deployer.thing.there, list(deployer.stacks.all())) == ({}, [])


def test_a_changed_template_updates_only_what_differs(nesting: Nesting) -> None:
    identity = nesting.deploy(_nested(1, B={}))
    nesting.deployments.thing.done.clear()

    # A template's asset is called after its content; here the parameters say that something differs.
    changed = nesting.assembly(_nested(2), Parameters={"Size": 9})
    nesting.deployments.deployer.update(identity, changed, stacks=None, parameters={})

    assert nesting.deployments.thing.done == ["update A", "delete B"]
    assert nesting.deployments.thing.there == {"physical-A": {"Size": 2}}


def test_a_failure_within_takes_everything_back(nesting: Nesting) -> None:
    with pytest.raises(DeploymentError, match="no more room"):
        nesting.deploy(_nested(1, B={"Fails": "refused", "DependsOn": "A"}), beside={"Before": {}})

    assert nesting.deployments.thing.there == {}
    assert list(nesting.deployments.stacks.all()) == []


def test_a_failure_behind_it_takes_it_back(nesting: Nesting) -> None:
    with pytest.raises(DeploymentError, match="no more room"):
        nesting.deploy(_nested(), beside={"Behind": {"Fails": "refused", "DependsOn": "Inner"}})

    assert nesting.deployments.thing.there == {}
    assert list(nesting.deployments.stacks.all()) == []


def test_a_failed_update_within_is_taken_back(nesting: Nesting) -> None:
    identity = nesting.deploy(_nested(1))

    with pytest.raises(DeploymentError, match="no more room"):
        changed = nesting.assembly(
            _nested(2), beside={"Behind": {"Fails": "refused", "DependsOn": "Inner"}}, Parameters={"Size": 9}
        )
        nesting.deployments.deployer.update(identity, changed, stacks=None, parameters={})

    assert nesting.deployments.thing.there == {"physical-A": {"Size": 1}}
    nesting.deployments.deployer.destroy(identity)
    assert nesting.deployments.thing.there == {}


def test_what_it_holds_is_checked_before_anything_is_made(nesting: Nesting) -> None:
    unknown = _nested()
    unknown["Resources"]["X"] = {"Type": "Nobody::Knows::This"}

    with pytest.raises(UnsupportedError, match=r"Nobody::Knows::This \(X\) is not supported"):
        nesting.deploy(unknown, beside={"Before": {}})

    assert nesting.deployments.thing.done == []


def test_a_template_that_is_no_asset(nesting: Nesting) -> None:
    with pytest.raises(AssemblyError, match="none of the assembly's assets"):
        nesting.deploy(_nested(), TemplateURL="https://s3.eu-west-1.amazonaws.com/elsewhere/template.json")

    assert nesting.deployments.thing.done == []
