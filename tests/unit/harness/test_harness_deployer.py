"""Deployments with provisioners of the test's own: what is done in which order, and what is told when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import DeploymentError
from lambdakit.harness.deployment.provisioner import undone_on_failure
from lambdakit.trace import PropertyRecorded, ResourceChanged
from tests.fakes.thing_deployments import ThingDeployments

pytestmark = pytest.mark.xdist_group("moto")


@pytest.fixture
def deployments(tmp_path: Path) -> ThingDeployments:
    return ThingDeployments(tmp_path)


class TestOrder:
    def test_what_is_needed_comes_first_and_goes_last(self, deployments: ThingDeployments) -> None:
        things: dict[str, Any] = {"A": {"Uses": {"Ref": "B"}}, "B": {"Uses": {"Fn::GetAtt": ["C", "Name"]}}, "C": {}}

        identity = deployments.deploy(**things)
        deployments.deployer.reset(identity)
        deployments.deployer.destroy(identity)

        assert deployments.thing.done == [
            *("create C", "create B", "create A"),
            *("reset A", "reset B", "reset C"),
            *("delete A", "delete B", "delete C"),
        ]
        assert deployments.ends() == ["CREATED", "RESET", "DESTROYED"]

    def test_what_is_kept_without_effect_is_told(self, deployments: ThingDeployments) -> None:
        deployments.deploy(A={"Kept": 1})

        told = [event.pointer for event in deployments.trace.events() if isinstance(event, PropertyRecorded)]
        assert told == ["Resources.A.Properties.Kept"]


class TestFailures:
    def test_a_refusal_undoes_what_was_created_and_names_the_property(self, deployments: ThingDeployments) -> None:
        with pytest.raises(DeploymentError) as refused:
            deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Fails": "refused"})

        (diagnostic,) = refused.value.diagnostics
        assert (diagnostic.code, diagnostic.pointer) == ("LK320", "Resources.B.Properties.Fails")
        assert diagnostic.problem == "Test::Thing could not be created: no more room"
        assert diagnostic.hint == "make room"
        assert deployments.thing.done == ["create A", "create B", "delete A"]
        assert deployments.ends() == ["FAILED"]
        changes = [event for event in deployments.trace.events() if isinstance(event, ResourceChanged)]
        assert [(event.logical_id, event.status) for event in changes] == [
            ("A", "CREATED"),
            ("B", "FAILED"),
            ("A", "DELETED"),
        ]

    def test_what_refuses_to_go_is_told_beside_the_failure_and_the_rest_goes(
        self, deployments: ThingDeployments
    ) -> None:
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

    def test_a_bug_of_ours_is_not_hidden_and_undone_as_well(self, deployments: ThingDeployments) -> None:
        with pytest.raises(ZeroDivisionError):
            deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Fails": "bug"})

        assert deployments.thing.done[-1] == "delete A"

    def test_the_name_is_free_again(self, deployments: ThingDeployments) -> None:
        with pytest.raises(DeploymentError):
            deployments.deploy(A={"Fails": "refused"})

        deployments.deploy(A={})

        assert deployments.ends() == ["FAILED", "CREATED"]

    def test_destroying_goes_on_and_can_be_tried_again(self, deployments: ThingDeployments) -> None:
        identity = deployments.deploy(A={}, B={"Uses": {"Ref": "A"}, "Clings": True})

        for _ in range(2):
            with pytest.raises(DeploymentError, match=r"it is not empty \[LK321\]"):
                deployments.deployer.destroy(identity)

        assert deployments.thing.done[2:] == ["delete B", "delete A", "delete B"]
        assert deployments.ends() == ["CREATED", "FAILED", "FAILED"]

    def test_resetting_goes_on(self, deployments: ThingDeployments) -> None:
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
