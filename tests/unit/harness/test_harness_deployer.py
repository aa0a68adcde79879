"""Deployments with provisioners of the test's own: what is done in which order, and what is told when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.errors import DeploymentError
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.deploy import Deployer
from lambdakit.harness.deployment.property_tree import READ, RECORDED, PropertyTree
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.lambda_service.layers import LayerStore
from lambdakit.harness.lambda_service.store import FunctionStore
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.trace import DeploymentEnded, PropertyRecorded, ResourceChanged, TraceLog
from tests.fakes.plain_assembly import write_stacks

pytestmark = pytest.mark.xdist_group("moto")


@dataclass
class Thing:
    """A type whose resources do what their properties say, and that keeps a list of what was done."""

    done: list[str] = field(default_factory=list)

    properties: PropertyTree = field(
        default_factory=lambda: {"Fails": READ, "Clings": READ, "Uses": READ, "Kept": RECORDED}
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        self.done.append(f"create {resource.logical_id}")
        if resource.properties.get("Fails") == "refused":
            raise ResourceRefused("no more room", property_pointer="Fails", hint="make room")
        if resource.properties.get("Fails") == "bug":
            raise ZeroDivisionError("a bug")
        return Provisioned(physical_id=f"physical-{resource.logical_id}", attributes={"Name": resource.logical_id})

    def delete(self, created: Created, context: Context) -> None:
        self.done.append(f"delete {created.resource.logical_id}")
        if created.resource.properties.get("Clings"):
            raise ResourceRefused("it is not empty")

    def reset(self, created: Created, context: Context) -> None:
        self.done.append(f"reset {created.resource.logical_id}")
        if created.resource.properties.get("Clings"):
            raise ResourceRefused("it is not empty")


@dataclass
class Deployments:
    """A deployer of things."""

    deployer: Deployer
    thing: Thing
    trace: TraceLog
    directory: Path

    def deploy(self, **things: Mapping[str, Any]) -> str:
        """The id of a deployment of one stack with these things."""
        template = {"Resources": {name: {"Type": "Test::Thing", "Properties": given} for name, given in things.items()}}
        assembly = write_stacks(self.directory, {"stack": template})
        return self.deployer.deploy(assembly, stacks=None, parameters={}).id


@pytest.fixture
def deployments(tmp_path: Path) -> Deployments:
    clock = HarnessClock()
    trace = TraceLog(clock)
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731  # six times the same
    context = Context(
        account=Account(account_id="111122223333", region="eu-west-1"),
        functions=FunctionStore(account_id="111122223333", region="eu-west-1", on_changed=nothing),
        layers=LayerStore(),
        code=CodeStore(tmp_path / "code"),
        doors=FrontDoors(),
        clock=clock,
        asset=lambda bucket, key: None,
        note=nothing,
        retire=nothing,
        open_http_api=nothing,
        flush_logs=nothing,
    )
    thing = Thing()
    deployer = Deployer(context, provisioners={"Test::Thing": thing}, trace=trace, lenient=False)
    return Deployments(deployer, thing, trace, tmp_path / "out")


def _ends(deployments: Deployments) -> list[str]:
    return [event.status for event in deployments.trace.events() if isinstance(event, DeploymentEnded)]


class TestOrder:
    def test_what_is_needed_comes_first_and_goes_last(self, deployments: Deployments) -> None:
        things: dict[str, Any] = {"A": {"Uses": {"Ref": "B"}}, "B": {"Uses": {"Fn::GetAtt": ["C", "Name"]}}, "C": {}}

        identity = deployments.deploy(**things)
        deployments.deployer.reset(identity)
        deployments.deployer.destroy(identity)

        assert deployments.thing.done == [
            *("create C", "create B", "create A"),
            *("reset A", "reset B", "reset C"),
            *("delete A", "delete B", "delete C"),
        ]
        assert _ends(deployments) == ["CREATED", "RESET", "DESTROYED"]

    def test_what_is_kept_without_effect_is_told(self, deployments: Deployments) -> None:
        deployments.deploy(A={"Kept": 1})

        told = [event.pointer for event in deployments.trace.events() if isinstance(event, PropertyRecorded)]
        assert told == ["Resources.A.Properties.Kept"]


class TestFailures:
    def test_a_refusal_undoes_what_was_created_and_names_the_property(self, deployments: Deployments) -> None:
        with pytest.raises(DeploymentError) as refused:
            deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Fails": "refused"})

        (diagnostic,) = refused.value.diagnostics
        assert (diagnostic.code, diagnostic.pointer) == ("LK320", "Resources.B.Properties.Fails")
        assert diagnostic.problem == "Test::Thing could not be created: no more room"
        assert diagnostic.hint == "make room"
        assert deployments.thing.done == ["create A", "create B", "delete A"]
        assert _ends(deployments) == ["FAILED"]
        changes = [event for event in deployments.trace.events() if isinstance(event, ResourceChanged)]
        assert [(event.logical_id, event.status) for event in changes] == [
            ("A", "CREATED"),
            ("B", "FAILED"),
            ("A", "DELETED"),
        ]

    def test_what_refuses_to_go_is_told_beside_the_failure_and_the_rest_goes(self, deployments: Deployments) -> None:
        things: dict[str, Any] = {
            "A": {},
            "B": {"Uses": {"Ref": "A"}, "Clings": True},
            "C": {"Uses": {"Ref": "B"}, "Fails": "refused"},
        }

        with pytest.raises(DeploymentError) as refused:
            deployments.deploy(**things)

        told = [(diagnostic.code, diagnostic.pointer) for diagnostic in refused.value.diagnostics]
        assert told == [("LK320", "Resources.C.Properties.Fails"), ("LK321", "stack: Resources.B")]
        assert deployments.thing.done[-2:] == ["delete B", "delete A"]

    def test_a_bug_of_ours_is_not_hidden_and_undone_as_well(self, deployments: Deployments) -> None:
        with pytest.raises(ZeroDivisionError):
            deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Fails": "bug"})

        assert deployments.thing.done[-1] == "delete A"

    def test_the_name_is_free_again(self, deployments: Deployments) -> None:
        with pytest.raises(DeploymentError):
            deployments.deploy(A={"Fails": "refused"})

        deployments.deploy(A={})

        assert _ends(deployments) == ["FAILED", "CREATED"]

    def test_destroying_goes_on_and_can_be_tried_again(self, deployments: Deployments) -> None:
        identity = deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Clings": True})

        for _ in range(2):
            with pytest.raises(DeploymentError, match=r"it is not empty \[LK321\]"):
                deployments.deployer.destroy(identity)

        assert deployments.thing.done[2:] == ["delete B", "delete A", "delete B"]
        assert _ends(deployments) == ["CREATED", "FAILED", "FAILED"]

    def test_resetting_goes_on(self, deployments: Deployments) -> None:
        identity = deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Clings": True})

        with pytest.raises(DeploymentError, match=r"it is not empty \[LK322\]"):
            deployments.deployer.reset(identity)

        assert deployments.thing.done[2:] == ["reset B", "reset A"]


class TestHalfMade:
    def test_a_failure_undoes_and_stays_the_failure(self) -> None:
        undone: list[str] = []

        with pytest.raises(LookupError, match="why"), undone_on_failure(lambda: undone.append("undone")):
            raise LookupError("why")

        assert undone == ["undone"]

    def test_success_undoes_nothing(self) -> None:
        undone: list[str] = []

        with undone_on_failure(lambda: undone.append("undone")):
            pass

        assert undone == []
