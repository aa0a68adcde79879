"""Deployments brought from one assembly to another: what is done, in which order, and what a failure leaves."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdakit.errors import DeploymentError
from lambdakit.trace import ResourceChanged
from tests.fakes.thing_deployments import REPLACEABLE, ThingDeployments, Things, template

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture
def deployments(tmp_path: Path) -> ThingDeployments:
    return ThingDeployments(tmp_path)


def _queue(**properties: Any) -> dict[str, Any]:
    return {"Type": REPLACEABLE, **properties}


class TestDifferences:
    def test_the_same_assembly_changes_nothing(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(A={"Size": 1}, B={"Uses": {"Ref": "A"}})
        deployments.thing.done.clear()

        deployments.update(identity, A={"Size": "1"}, B={"Uses": {"Ref": "A"}})

        assert deployments.thing.done == []
        assert deployments.ends() == ["CREATED", "UNCHANGED"]

    def test_what_differs_is_updated_what_is_new_created_and_what_is_gone_deleted_last(
        self, deployments: ThingDeployments
    ) -> None:
        identity = deployments.deploy(Old={}, A={"Size": 1}, Same={"Size": 5})
        deployments.thing.done.clear()

        deployments.update(identity, A={"Size": 2}, Same={"Size": 5}, New={"Uses": {"Ref": "A"}})

        assert deployments.thing.done == ["update A", "create New", "delete Old"]
        assert deployments.thing.there == {
            "physical-A": {"Size": 2},
            "physical-Same": {"Size": 5},
            "physical-New": {"Uses": "physical-A"},
        }
        assert deployments.ends() == ["CREATED", "UPDATED"]

    def test_a_property_that_takes_a_new_resource_makes_one_before_the_old_goes(
        self, deployments: ThingDeployments
    ) -> None:
        identity = deployments.deploy(Q=_queue(FifoQueue=False), User={"Uses": {"Ref": "Q"}})
        deployments.thing.done.clear()

        deployments.update(identity, Q=_queue(FifoQueue=True), User={"Uses": {"Ref": "Q"}})

        assert deployments.thing.done == ["create Q", "update User", "delete Q"]
        assert deployments.thing.there["physical-User"] == {"Uses": "physical-Q-1"}
        changes = [event.status for event in deployments.trace.events() if isinstance(event, ResourceChanged)]
        assert changes[2:] == ["REPLACED", "UPDATED", "DELETED"]

    def test_a_logical_id_keeps_its_type(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(A={}, B={"Size": 1})

        with pytest.raises(DeploymentError, match=r"Update of resource type is not permitted.* resources: \[A\]"):
            deployments.update(identity, A=_queue(), B={"Size": 2})

        assert deployments.thing.there == {"physical-A": {}, "physical-B": {"Size": 1}}

    def test_a_resource_with_a_name_of_its_own_cannot_be_replaced(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(Q=_queue(QueueName="mine", FifoQueue=False))

        with pytest.raises(DeploymentError, match="Rename mine and update the stack again"):
            deployments.update(identity, Q=_queue(QueueName="mine", FifoQueue=True))

        assert deployments.thing.there == {"mine": {"QueueName": "mine", "FifoQueue": False}}

    def test_another_name_replaces_it(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(Q=_queue(QueueName="mine"))

        deployments.update(identity, Q=_queue(QueueName="yours"))

        assert list(deployments.thing.there) == ["yours-1"]

    def test_a_stack_more_is_created_and_one_less_stays(self, deployments: ThingDeployments) -> None:
        first = deployments.assembly({"a": template({"A": {}})})
        identity = deployments.deployer.deploy(first, stacks=None, parameters={}).id

        second = deployments.assembly({"b": template({"B": {}})})
        deployment = deployments.deployer.update(identity, second, stacks=None, parameters={})

        assert [stack.name for stack in deployment.stacks] == ["a", "b"]
        deployments.deployer.destroy(identity)
        assert deployments.thing.there == {}

    def test_outputs_follow(self, deployments: ThingDeployments) -> None:
        first = deployments.assembly({"s": template({"A": {}}, Name={"Value": "one"})})
        deployment = deployments.deployer.deploy(first, stacks=None, parameters={})

        second = deployments.assembly({"s": template({"A": {}}, Name={"Value": "two"})})
        deployments.deployer.update(deployment.id, second, stacks=None, parameters={})

        assert deployment.stacks[0].outputs == {"Name": "two"}
        assert deployments.ends() == ["CREATED", "UPDATED"]


class TestFailures:
    def test_everything_is_as_it_was(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(Old={}, A={"Size": 1}, Q=_queue(FifoQueue=False))
        before = dict(deployments.thing.there)
        deployments.thing.done.clear()

        with pytest.raises(DeploymentError) as refused:
            deployments.update(
                identity,
                A={"Size": 2},
                New={},
                Q=_queue(FifoQueue=True, Uses={"Ref": "A"}),
                Z={"Fails": "refused", "Uses": [{"Ref": "A"}, {"Ref": "New"}, {"Ref": "Q"}]},
            )

        assert refused.value.diagnostics[0].problem == "Test::Thing could not be created: no more room"
        assert deployments.thing.there == before
        assert deployments.ends() == ["CREATED", "FAILED"]
        deployments.update(identity, Old={}, A={"Size": 1}, Q=_queue(FifoQueue=False))
        assert deployments.ends()[-1] == "UNCHANGED"

    def test_a_refused_update_names_the_property(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(A={})

        with pytest.raises(DeploymentError) as refused:
            deployments.update(identity, A={"Fails": "refused"})

        (diagnostic,) = refused.value.diagnostics
        assert diagnostic.problem == "Test::Thing could not be updated: no more room"
        assert diagnostic.pointer == "Resources.A.Properties.Fails"

    def test_the_stacks_before_the_one_that_failed_are_taken_back_too(self, deployments: ThingDeployments) -> None:
        first = deployments.assembly({"a": template({"A": {"Size": 1}}), "b": template({"B": {}})})
        identity = deployments.deployer.deploy(first, stacks=None, parameters={}).id
        before = dict(deployments.thing.there)

        second = deployments.assembly(
            {"a": template({"A": {"Size": 2}}), "b": template({"B": {"Fails": "refused"}})}, dependencies={"b": ["a"]}
        )
        with pytest.raises(DeploymentError):
            deployments.deployer.update(identity, second, stacks=None, parameters={})

        assert deployments.thing.there == before

    def test_what_clings_does_not_keep_the_update_from_being_one(self, deployments: ThingDeployments) -> None:
        """CloudFormation User Guide, "Update behaviors": a clean-up that fails leaves the update complete."""
        identity = deployments.deploy(Old={"Clings": True}, A={})

        deployments.update(identity, A={"Size": 2})

        assert deployments.ends() == ["CREATED", "UPDATED"]
        assert "physical-Old" in deployments.thing.there

    def test_there_is_no_such_deployment(self, deployments: ThingDeployments) -> None:
        with pytest.raises(DeploymentError, match="LK302"):
            deployments.update("deployment-9", A={})


class TestPolicies:
    def test_what_is_to_be_kept_stays_and_a_later_stack_gets_other_names(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(A={"DeletionPolicy": "Retain"}, B={})
        deployments.deployer.destroy(identity)
        assert list(deployments.thing.there) == ["physical-A"]

        deployments.deploy(A={"DeletionPolicy": "Retain"}, B={})

        # B's as well: a log group that is kept may be called after a function that is not.
        assert list(deployments.thing.there) == ["physical-A", "physical-A-1", "physical-B-1"]

    def test_what_is_replaced_goes_by_its_own_policy(self, deployments: ThingDeployments) -> None:
        kept = _queue(FifoQueue=False, UpdateReplacePolicy="Retain")
        identity = deployments.deploy(Kept=kept, Gone=_queue(FifoQueue=False, DeletionPolicy="Retain"))

        deployments.update(
            identity,
            Kept=_queue(FifoQueue=True, UpdateReplacePolicy="Retain"),
            Gone=_queue(FifoQueue=True, DeletionPolicy="Retain"),
        )

        assert sorted(deployments.thing.there) == ["physical-Gone-1", "physical-Kept", "physical-Kept-1"]

    def test_a_failed_creation_leaves_nothing_whatever_the_policy(self, deployments: ThingDeployments) -> None:
        with pytest.raises(DeploymentError):
            deployments.deploy(A={"DeletionPolicy": "Retain"}, B={"Fails": "refused", "Uses": {"Ref": "A"}})

        assert deployments.thing.there == {}


class TestExports:
    def _deploy(self, deployments: ThingDeployments, **stacks: Any) -> str:
        return deployments.deployer.deploy(deployments.assembly(stacks), stacks=None, parameters={}).id

    def test_an_export_in_use_is_neither_changed_nor_deleted(self, deployments: ThingDeployments) -> None:
        def exporting(value: str) -> Any:
            return template({"A": {}}, Shared={"Value": value, "Export": {"Name": "shared"}})

        exporter = self._deploy(deployments, exporter=exporting("one"))
        importer = self._deploy(deployments, importer=template({"B": {"Uses": {"Fn::ImportValue": "shared"}}}))

        with pytest.raises(DeploymentError, match="Export shared cannot be updated as it is in use by importer"):
            changed = deployments.assembly({"exporter": exporting("two")})
            deployments.deployer.update(exporter, changed, stacks=None, parameters={})
        with pytest.raises(DeploymentError, match="Export shared cannot be deleted as it is in use by importer"):
            deployments.deployer.destroy(exporter)

        deployments.deployer.destroy(importer)
        deployments.deployer.destroy(exporter)
        assert deployments.thing.there == {}

    def test_a_name_is_exported_once(self, deployments: ThingDeployments) -> None:
        stack = template({"A": {}}, Shared={"Value": "x", "Export": {"Name": "shared"}})
        self._deploy(deployments, one=stack)

        with pytest.raises(DeploymentError, match="Export with name shared is already exported by stack one"):
            self._deploy(deployments, two=template({"B": {}}, Out={"Value": "y", "Export": {"Name": "shared"}}))


# A logical id keeps its type.
_TYPES = dict(zip("ABCDE", ["Test::Thing", REPLACEABLE, REPLACEABLE, "Test::Thing", REPLACEABLE], strict=True))
_PROPERTIES = st.fixed_dictionaries({"Size": st.integers(0, 2), "FifoQueue": st.booleans()})
_THINGS: st.SearchStrategy[Things] = st.dictionaries(st.sampled_from("ABCDE"), _PROPERTIES, min_size=1).map(
    lambda things: {name: {"Type": _TYPES[name], **given} for name, given in things.items()}
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(_THINGS, st.booleans()), min_size=1, max_size=6))
def test_any_row_of_updates_ends_in_what_the_last_good_one_says(steps: list[tuple[Things, bool]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        deployments = ThingDeployments(Path(directory))
        identity = deployments.deploy(A={"Size": 9})
        wanted: Things = {"A": {"Size": 9}}

        for things, fails in steps:
            if not fails:
                deployments.update(identity, **things)
                wanted = things
                continue
            last = {"Fails": "refused", "Uses": [{"Ref": name} for name in things]}
            with pytest.raises(DeploymentError):
                deployments.update(identity, **things, Z=last)

        def properties(thing: Any) -> list[tuple[str, Any]]:
            return sorted((key, value) for key, value in thing.items() if key != "Type")

        there = sorted(map(repr, (properties(thing) for thing in deployments.thing.there.values())))
        assert there == sorted(map(repr, (properties(thing) for thing in wanted.values())))
        deployments.deployer.destroy(identity)
        assert deployments.thing.there == {}
