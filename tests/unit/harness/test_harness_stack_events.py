"""What a stack tells of its changes, and what is left of it when they fail half-way."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.errors import AssemblyError, DeploymentError
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.trace import ResourceChanged
from tests.fakes.thing_deployments import REPLACEABLE, ThingDeployments, template

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture
def deployments(tmp_path: Path) -> ThingDeployments:
    return ThingDeployments(tmp_path)


def events(deployments: ThingDeployments, since: int = 0) -> list[tuple[str, str]]:
    (stack,) = deployments.stacks.all()
    return [(event.logical_id, event.status) for event in stack.record.events[since:]]


def only_stack(deployments: ThingDeployments) -> DeployedStack:
    (stack,) = deployments.stacks.all()
    return stack


def test_a_deployment_tells_as_cloudformation_does(deployments: ThingDeployments) -> None:
    deployments.deploy(A={}, B={"Uses": {"Ref": "A"}})

    assert events(deployments) == [
        ("stack", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_IN_PROGRESS"),
        ("A", "CREATE_COMPLETE"),
        ("B", "CREATE_IN_PROGRESS"),
        ("B", "CREATE_COMPLETE"),
        ("stack", "CREATE_COMPLETE"),
    ]
    assert only_stack(deployments).status == "CREATE_COMPLETE"


def test_a_failed_update_tells_why_and_what_it_took_back(deployments: ThingDeployments) -> None:
    identity = deployments.deploy(A={"Size": 1}, Old={})
    before = len(only_stack(deployments).record.events)

    with pytest.raises(DeploymentError):
        deployments.update(identity, A={"Size": 2}, New={}, Z={"Fails": "refused", "DependsOn": ["A", "New"]})

    assert events(deployments, before) == [
        ("stack", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("New", "CREATE_IN_PROGRESS"),
        ("New", "CREATE_COMPLETE"),
        ("Z", "CREATE_IN_PROGRESS"),
        ("Z", "CREATE_FAILED"),
        ("Z", "DELETE_COMPLETE"),
        ("New", "DELETE_IN_PROGRESS"),
        ("New", "DELETE_COMPLETE"),
        ("A", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    failed = [event for event in only_stack(deployments).record.events if event.status == "CREATE_FAILED"]
    assert [event.reason for event in failed] == ["no more room"]
    told = [event for event in deployments.trace.events() if isinstance(event, ResourceChanged)]
    assert [event.reason for event in told if event.status == "FAILED"] == ["no more room"]


def test_the_template_is_the_last_good_one(deployments: ThingDeployments) -> None:
    identity = deployments.deploy(A={"Size": 1})
    text = only_stack(deployments).record.text

    with pytest.raises(DeploymentError):
        deployments.update(identity, A={"Size": 2, "Fails": "refused"})

    assert only_stack(deployments).record.text == text


def test_resources_keep_their_order_so_that_they_go_in_it(deployments: ThingDeployments) -> None:
    identity = deployments.deploy(A={}, B={"Uses": {"Ref": "A"}}, C={"Uses": {"Ref": "B"}})

    # A would go, and comes back.
    with pytest.raises(AssemblyError, match="there is no element 5"):
        deployments.deployer.update(
            identity,
            deployments.assembly(
                {
                    "stack": template(
                        {"B": {}, "C": {"Uses": {"Ref": "B"}}},
                        Out={"Value": {"Fn::Select": [5, ["a"]]}},
                    )
                }
            ),
            stacks=None,
            parameters={},
        )

    assert list(only_stack(deployments).resources) == ["A", "B", "C"]
    deployments.thing.done.clear()
    deployments.deployer.destroy(identity)
    assert deployments.thing.done == ["delete C", "delete B", "delete A"]


def test_what_is_no_longer_wanted_goes_in_the_reverse_order_of_its_creation(deployments: ThingDeployments) -> None:
    identity = deployments.deploy(
        A={}, B={"Type": REPLACEABLE, "FifoQueue": True, "Uses": {"Ref": "A"}}, C={"Uses": {"Ref": "B"}}
    )
    deployments.thing.done.clear()

    deployments.update(identity, B={"Type": REPLACEABLE, "FifoQueue": False})

    # The B that is replaced uses A, and C uses that B.
    assert deployments.thing.done == ["create B", "delete C", "delete B", "delete A"]


@pytest.mark.parametrize(
    ("policy", "kept"), [("Retain", True), ("RetainExceptOnCreate", True), ("Delete", False), ("Snapshot", False)]
)
def test_deletion_policies(deployments: ThingDeployments, policy: str, kept: bool) -> None:
    identity = deployments.deploy(A={"DeletionPolicy": policy})

    deployments.deployer.destroy(identity)

    assert bool(deployments.thing.there) is kept


def test_a_policy_alone_is_a_change_that_is_taken_back_as_well(deployments: ThingDeployments) -> None:
    identity = deployments.deploy(A={"DeletionPolicy": "Retain"})
    with pytest.raises(DeploymentError):
        deployments.update(identity, A={"DeletionPolicy": "Delete"}, Z={"Fails": "refused", "DependsOn": "A"})
    assert only_stack(deployments).resources["A"].resource.keep_when_deleted

    deployments.update(identity, A={"DeletionPolicy": "Delete"})

    assert deployments.ends()[-1] == "UPDATED"
    assert deployments.thing.done.count("update A") == 0
    deployments.deployer.destroy(identity)
    assert deployments.thing.there == {}


def test_imports_are_as_they_were_after_a_failure(deployments: ThingDeployments) -> None:
    shared = template({"A": {}}, Out={"Value": "x", "Export": {"Name": "shared"}})
    exporter = deployments.deployer.deploy(deployments.assembly({"exporter": shared}), stacks=None, parameters={}).id
    using = template({"B": {"Uses": {"Fn::ImportValue": "shared"}}})
    importer = deployments.deployer.deploy(deployments.assembly({"importer": using}), stacks=None, parameters={}).id

    with pytest.raises(DeploymentError, match="no more room"):
        failing = template({"B": {"Fails": "refused"}})
        deployments.deployer.update(importer, deployments.assembly({"importer": failing}), stacks=None, parameters={})

    with pytest.raises(DeploymentError, match="in use by importer"):
        deployments.deployer.destroy(exporter)


def test_one_stack_of_two_is_updated_and_the_other_stays(deployments: ThingDeployments) -> None:
    def stacks(size: int) -> Path:
        return deployments.assembly({"a": template({"A": {"Size": size}}), "b": template({"B": {"Size": size}})})

    identity = deployments.deployer.deploy(stacks(1), stacks=None, parameters={}).id

    deployment = deployments.deployer.update(identity, stacks(2), stacks=["a"], parameters={})

    assert [stack.name for stack in deployment.stacks] == ["a", "b"]
    assert deployments.thing.there == {"physical-A": {"Size": 2}, "physical-B": {"Size": 1}}


def test_values_follow_through_the_stacks_of_one_update(deployments: ThingDeployments) -> None:
    def stacks(value: str) -> Path:
        first = template({"A": {}}, Out={"Value": value})
        second = template({"B": {"Uses": {"Fn::GetStackOutput": {"StackName": "a", "OutputName": "Out"}}}})
        return deployments.assembly({"a": first, "b": second}, dependencies={"b": ["a"]})

    identity = deployments.deployer.deploy(stacks("one"), stacks=None, parameters={}).id
    deployments.deployer.update(identity, stacks("two"), stacks=None, parameters={})

    assert deployments.thing.there["physical-B"] == {"Uses": "two"}
