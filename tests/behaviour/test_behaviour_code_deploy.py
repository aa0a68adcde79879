"""CodeDeploy for functions through its API: deployments that go by the harness's clock.

Source: AWS CodeDeploy API Reference, "CreateDeployment", "PutLifecycleEventHookExecutionStatus", "StopDeployment"; User
Guide, "Deployment configurations on an AWS Lambda compute platform", "Monitoring deployments with CloudWatch alarms".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fakes.code_deploy import CANARY, LINEAR, Shop
from tests.fakes.event_source import advance
from tests.fakes.lambda_api import refusal as whole_refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-deploy")

PRE = {"BeforeAllowTraffic": "pre"}
HOUR = 3600


def refusal(call: Callable[[], Any]) -> str:
    """The code that a call is refused with."""
    return whole_refusal(call)[1]


@pytest.fixture
def shop(harness: WiredHarness) -> Iterator[Shop]:
    made = Shop(harness)
    yield made
    made.remove()


def test_a_canary_moves_by_the_clock(shop: Shop) -> None:
    shop.create(config=CANARY)
    shop.publish()

    started = shop.start()

    assert (shop.shown(started)["status"], shop.alias()) == ("InProgress", ("1", {"2": 0.1}))
    advance(shop.harness, 4 * 60)
    assert shop.alias() == ("1", {"2": 0.1})
    advance(shop.harness, 2 * 60)
    assert (shop.shown(started)["status"], shop.alias()) == ("Succeeded", ("2", {}))
    assert shop.shifts() == [(10.0, 5, True), (100.0, 0, True)]


def test_a_deployment_may_ask_for_another_configuration_than_its_groups(shop: Shop) -> None:
    shop.create(config=CANARY)
    shop.publish()

    started = shop.start(deploymentConfigName=LINEAR)

    assert shop.alias() == ("1", {"2": 0.1})
    advance(shop.harness, 61)
    assert shop.alias() == ("1", {"2": 0.2})
    advance(shop.harness, 9 * 61)
    assert (shop.shown(started)["status"], shop.alias()) == ("Succeeded", ("2", {}))


def test_an_alarm_that_goes_off_meanwhile_moves_traffic_back(shop: Shop) -> None:
    shop.ring(value="OK")
    shop.create(config=CANARY, alarms=["errors"])
    shop.publish()
    started = shop.start()
    before = shop.alias()

    shop.ring()

    stopped = shop.shown(started)
    assert before == ("1", {"2": 0.1})
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert shop.events(started) == ["Succeeded", "Failed", "Skipped"]
    assert stopped["rollbackInfo"]["rollbackDeploymentId"] == shop.deployments()[0]["deploymentId"]
    assert shop.alias() == ("1", {})
    advance(shop.harness, HOUR)
    assert shop.alias() == ("1", {})


def test_another_alarm_hurries_nothing(shop: Shop) -> None:
    shop.create(config=CANARY, alarms=["quiet"])
    shop.publish()
    started = shop.start()

    shop.ring("errors")

    assert (shop.shown(started)["status"], shop.alias()) == ("InProgress", ("1", {"2": 0.1}))


def test_without_automatic_rollback_traffic_stays(shop: Shop) -> None:
    shop.ring(value="OK")
    shop.create(config=CANARY, alarms=["errors"], rollback=["DEPLOYMENT_FAILURE"])
    shop.publish()
    started = shop.start()

    shop.ring()

    assert (shop.shown(started)["status"], shop.alias()) == ("Stopped", ("1", {"2": 0.1}))
    assert "rollbackInfo" not in shop.shown(started)


@pytest.mark.parametrize(("rolls_back", "alias"), [(True, ("1", {})), (False, ("1", {"2": 0.1}))])
def test_somebody_stops_it(shop: Shop, rolls_back: bool, alias: tuple[str, dict[str, float]]) -> None:
    shop.create(config=CANARY)
    shop.publish()
    started = shop.start()

    answer = shop.client.stop_deployment(deploymentId=started, autoRollbackEnabled=rolls_back)
    shop.harness.drain()

    assert answer["status"] == "Pending"
    assert (shop.shown(started)["status"], shop.shown(started)["errorInformation"]["code"]) == (
        "Stopped",
        "MANUAL_STOP",
    )
    assert shop.alias() == alias
    code = refusal(lambda: shop.client.stop_deployment(deploymentId=started))
    assert code == "DeploymentAlreadyCompletedException"


class TestAHookThatIsNotHeardOf:
    @pytest.fixture
    def started(self, shop: Shop) -> str:
        shop.create(before="silence")
        shop.publish()
        return shop.start(hooks=PRE)

    def _report(self, shop: Shop, started: str, **given: Any) -> Any:
        (seen,) = shop.asked() or [{"event": {"LifecycleEventHookExecutionId": "unknown"}}]
        asked = {
            "deploymentId": started,
            "lifecycleEventHookExecutionId": seen["event"]["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
            **given,
        }
        return asked, lambda: shop.client.put_lifecycle_event_hook_execution_status(**asked)

    def test_it_is_waited_for_an_hour(self, shop: Shop, started: str) -> None:
        advance(shop.harness, HOUR - 60)
        before = shop.shown(started)["status"]

        advance(shop.harness, 120)

        assert before == "InProgress"
        assert shop.shown(started)["status"] == "Failed"
        assert (
            "CodeDeploy expects a status callback within one hour" in shop.shown(started)["errorInformation"]["message"]
        )

    def test_somebody_else_may_say_it(self, shop: Shop, started: str) -> None:
        asked, report = self._report(shop, started)

        answer = report()
        shop.harness.drain()

        assert answer["lifecycleEventHookExecutionId"] == asked["lifecycleEventHookExecutionId"]
        assert (shop.shown(started)["status"], shop.alias()) == ("Succeeded", ("2", {}))
        assert refusal(report) == "LifecycleEventAlreadyCompletedException"

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"status": "InProgress"}, "InvalidLifecycleEventHookExecutionStatusException"),
            ({"lifecycleEventHookExecutionId": "other"}, "InvalidLifecycleEventHookExecutionIdException"),
            ({"deploymentId": "d-UNKNOWN11"}, "DeploymentDoesNotExistException"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, shop: Shop, started: str, given: dict[str, str], code: str) -> None:
        _, report = self._report(shop, started, **given)

        assert refusal(report) == code
        assert shop.shown(started)["status"] == "InProgress"


class TestRefusals:
    @pytest.fixture
    def shop(self, shop: Shop) -> Shop:
        shop.create(config=CANARY)
        shop.publish()
        return shop

    def test_an_alias_that_is_elsewhere(self, shop: Shop) -> None:
        started = shop.start(current="2", target="1")

        failed = shop.shown(started)["errorInformation"]
        assert failed["code"] == "INVALID_LAMBDA_CONFIGURATION"
        assert "alias version does not match the current version" in failed["message"]
        assert shop.alias() == ("1", {})

    def test_a_version_that_is_not_there(self, shop: Shop) -> None:
        started = shop.start(target="9")

        assert shop.shown(started)["errorInformation"]["code"] == "INVALID_LAMBDA_FUNCTION"
        assert shop.alias() == ("1", {})

    @pytest.mark.parametrize("content", ["", "[", "resources: []", "a: &a [*a]", '{"resources": [{"shop": {}}]}'])
    def test_a_file_that_is_none(self, shop: Shop, content: str) -> None:
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": content}}
        started = shop.client.create_deployment(
            applicationName="shop-app", deploymentGroupName="shop-group", revision=revision
        )["deploymentId"]
        shop.harness.drain()

        assert shop.shown(started)["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"

    def test_a_second_deployment_meanwhile(self, shop: Shop) -> None:
        shop.start()

        assert refusal(lambda: shop.start()) == "DeploymentLimitExceededException"

    def test_what_does_not_exist(self, shop: Shop) -> None:
        client = shop.client
        revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "{}"}}
        named = {"applicationName": "shop-app", "deploymentGroupName": "shop-group"}
        create = client.create_deployment

        assert refusal(lambda: client.get_deployment(deploymentId="d-1")) == "DeploymentDoesNotExistException"
        assert refusal(lambda: client.get_application(applicationName="no")) == "ApplicationDoesNotExistException"
        other = {**named, "deploymentGroupName": "no"}
        assert refusal(lambda: client.get_deployment_group(**other)) == "DeploymentGroupDoesNotExistException"
        config = {**named, "revision": revision, "deploymentConfigName": "no"}
        assert refusal(lambda: create(**config)) == "DeploymentConfigDoesNotExistException"
        assert refusal(lambda: create(**named)) == "RevisionRequiredException"

    def test_deployments_to_instances_run_nowhere(self, shop: Shop) -> None:
        client = shop.client
        role = client.get_deployment_group(applicationName="shop-app", deploymentGroupName="shop-group")
        named = {"applicationName": "servers", "deploymentGroupName": "servers"}
        client.create_application(applicationName="servers")
        role_arn = role["deploymentGroupInfo"]["serviceRoleArn"]
        client.create_deployment_group(**named, serviceRoleArn=role_arn, autoScalingGroups=["fleet"])
        revision = {"revisionType": "String", "string": {"content": "{}"}}

        assert (
            refusal(lambda: client.create_deployment(**named, revision=revision)) == "InvalidComputePlatformException"
        )
        shown = client.get_deployment_group(**named)
        assert shown["deploymentGroupInfo"]["autoScalingGroups"] == [{"name": "fleet"}]
        client.delete_application(applicationName="servers")


def test_configurations_are_the_services_and_ones_own(shop: Shop) -> None:
    client = shop.client
    routing = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 40, "linearInterval": 2}}
    client.create_deployment_config(deploymentConfigName="mine", computePlatform="Lambda", trafficRoutingConfig=routing)

    shown = client.get_deployment_config(deploymentConfigName="mine")["deploymentConfigInfo"]
    listed = client.list_deployment_configs()["deploymentConfigsList"]
    assert (shown["computePlatform"], shown["trafficRoutingConfig"]) == ("Lambda", routing)
    assert {"mine", CANARY, LINEAR, "CodeDeployDefault.LambdaAllAtOnce"} <= set(listed)
    for percentage in (0, 100):
        wrong = {**routing, "timeBasedLinear": {"linearPercentage": percentage, "linearInterval": 2}}
        named = {"deploymentConfigName": "wrong", "computePlatform": "Lambda", "trafficRoutingConfig": wrong}
        code = whole_refusal(client.create_deployment_config, **named)[1]
        assert code == "InvalidTrafficRoutingConfigurationException"
    client.delete_deployment_config(deploymentConfigName="mine")
    assert refusal(lambda: client.get_deployment_config(deploymentConfigName="mine")) == (
        "DeploymentConfigDoesNotExistException"
    )
