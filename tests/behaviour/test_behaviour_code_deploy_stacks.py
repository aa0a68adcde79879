"""The update of a stack whose alias is moved by CodeDeploy: hooks, steps, alarms, and what becomes of a failure.

Source: CloudFormation Template Reference, "UpdatePolicy attribute" (`CodeDeployLambdaAliasUpdate`); AWS CodeDeploy User
Guide, "AppSpec 'hooks' section for an AWS Lambda deployment", "Deployment configurations on an AWS Lambda compute
platform", "Redeploy and roll back a deployment with CodeDeploy". The texts are those of stack
events of real deployments.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.cloudformation import BROKEN
from tests.fakes.code_deploy import CANARY, LINEAR, MAY_MOVE, Shop
from tests.fakes.plain_assembly import OWN_RUNTIME
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-code-deploy-stacks")

HOOK_FAILED = "The deployment failed because one or more of the lifecycle event validation functions failed."
NOT_HEARD_OF = (
    "The deployment timed out while waiting for a status callback. CodeDeploy expects a status callback within one "
    "hour after a deployment hook is invoked."
)
SUCCEEDED = ["Succeeded"] * 3


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture
def shop(harness: WiredHarness) -> Iterator[Shop]:
    made = Shop(harness)
    yield made
    made.remove()


def test_a_new_version_is_checked_before_and_after_it_takes_over(shop: Shop) -> None:
    shop.create()

    shop.update(config=CANARY, before="Succeeded", after="Succeeded")

    (done,) = shop.deployments()
    first, second = shop.asked()
    assert shop.stack.status() == "UPDATE_COMPLETE"
    assert (done["status"], done["creator"], done["deploymentConfigName"]) == ("Succeeded", "user", CANARY)
    assert shop.events(done["deploymentId"]) == SUCCEEDED
    assert {first["event"].pop("DeploymentId"), second["event"].pop("DeploymentId")} == {done["deploymentId"]}
    assert first["event"].keys() == second["event"].keys() == {"LifecycleEventHookExecutionId"}
    assert first["event"] != second["event"]
    assert [(seen["hook"], seen["version"]) for seen in (first, second)] == [("pre", "1"), ("post", "2")]
    assert shop.alias() == ("2", {})


def test_nobody_waits_for_the_minutes_between_two_steps(shop: Shop) -> None:
    shop.create()

    shop.update(config=LINEAR)

    assert shop.shifts() == [*((float(part), 1, False) for part in range(10, 100, 10)), (100.0, 0, False)]
    (ended,) = shop.harness.events("TrafficShiftEnded", after=shop.before)
    assert (ended["function"], ended["alias"], ended["status"]) == ("shop", "live", "Succeeded")


def test_a_configuration_of_ones_own_says_how_traffic_moves(shop: Shop) -> None:
    routing = {"Type": "TimeBasedCanary", "TimeBasedCanary": {"CanaryPercentage": 25, "CanaryInterval": 7}}
    config = {
        "Type": "AWS::CodeDeploy::DeploymentConfig",
        "Properties": {"ComputePlatform": "Lambda", "TrafficRoutingConfig": routing},
    }
    shop.create(config={"Ref": "Config"}, Config=config)

    shop.update(config={"Ref": "Config"}, Config=config)

    assert shop.shifts() == [(25.0, 7, False), (100.0, 0, False)]
    assert shop.deployments()[0]["deploymentConfigName"] == shop.stack.physical_id("Config")


def test_neither_a_new_alias_nor_one_that_stays_is_deployed(shop: Shop) -> None:
    shop.create(before="Failed")

    shop.update(1, before="Failed", Another={"Type": "AWS::SQS::Queue"})

    assert shop.stack.status() == "UPDATE_COMPLETE"
    assert shop.deployments() == []
    assert shop.asked() == []


def test_a_hook_that_fails_before_keeps_traffic_where_it_is(shop: Shop) -> None:
    shop.create()

    shop.update(config=CANARY, before="Failed", after="Succeeded")

    back, failed = shop.deployments()
    assert shop.stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert shop.reason() == f"{failed['deploymentId']} failed. {HOOK_FAILED}"
    assert failed["status"] == "Failed"
    assert failed["errorInformation"] == {"code": "HOOK_EXECUTION_FAILURE", "message": HOOK_FAILED}
    assert failed["rollbackInfo"]["rollbackDeploymentId"] == back["deploymentId"]
    assert (back["creator"], back["status"]) == ("codeDeployRollback", "Succeeded")
    assert back["rollbackInfo"]["rollbackTriggeringDeploymentId"] == failed["deploymentId"]
    assert shop.events(failed["deploymentId"]) == ["Failed", "Skipped", "Skipped"]
    assert shop.events(back["deploymentId"]) == SUCCEEDED
    assert [seen["hook"] for seen in shop.asked()] == ["pre"]
    assert (shop.alias(), shop.shifts()) == (("1", {}), [])


def test_a_hook_that_fails_after_moves_traffic_back(shop: Shop) -> None:
    shop.create()

    shop.update(after="Failed")

    _, failed = shop.deployments()
    assert shop.reason() == f"{failed['deploymentId']} failed. {HOOK_FAILED}"
    assert shop.events(failed["deploymentId"]) == ["Succeeded", "Succeeded", "Failed"]
    assert [(seen["hook"], seen["version"]) for seen in shop.asked()] == [("post", "2")]
    assert shop.alias() == ("1", {})


def test_the_stack_takes_the_alias_back_where_codedeploy_does_not(shop: Shop) -> None:
    shop.create(rollback=[])

    shop.update(after="Failed", rollback=[])

    (failed,) = shop.deployments()
    assert "rollbackInfo" not in failed
    assert [(seen["hook"], seen["version"]) for seen in shop.asked()] == [("post", "2")]
    assert shop.stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert shop.alias() == ("1", {})


@pytest.mark.parametrize("answer", ["silence", "raise"])
def test_a_hook_that_says_nothing_is_not_waited_for(shop: Shop, answer: str) -> None:
    shop.create()

    shop.update(before=answer)

    _, failed = shop.deployments()
    assert shop.reason() == f"{failed['deploymentId']} failed. {NOT_HEARD_OF}"
    assert shop.events(failed["deploymentId"]) == ["Failed", "Skipped", "Skipped"]
    assert shop.alias() == ("1", {})


GROUP = "arn:aws:codedeploy:us-east-1:123456789012:deploymentgroup:shop-app/"


@pytest.mark.parametrize(
    ("may_report", "status"),
    [
        (f"{GROUP}shop-group", "UPDATE_COMPLETE"),
        (f"{GROUP}other", "UPDATE_ROLLBACK_COMPLETE"),
        (None, "UPDATE_ROLLBACK_COMPLETE"),
    ],
    ids=["its group", "another group", "nothing"],
)
def test_a_hook_says_only_what_its_role_may(shop: Shop, may_report: object, status: str) -> None:
    shop.create()

    shop.update(before="Succeeded", may_report=may_report)

    denied = shop.harness.events("AccessDenied", after=shop.before)
    assert shop.stack.status() == status
    assert bool(denied) is (status != "UPDATE_COMPLETE")
    assert all(event["action"] == "codedeploy:PutLifecycleEventHookExecutionStatus" for event in denied)


@pytest.mark.parametrize("missing", ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:InvokeFunction"])
def test_the_groups_role_has_to_allow_what_the_deployment_does(shop: Shop, missing: str) -> None:
    allowed = [action for action in MAY_MOVE if action != missing]
    shop.create(may_move=allowed)

    shop.update(before="Succeeded", may_move=allowed)

    failed = shop.deployments()[-1]
    assert failed["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert (
        "does not give you permission to perform operations in the following AWS service: AWSLambda." in shop.reason()
    )
    assert shop.alias() == ("1", {})


def test_an_alarm_stops_the_deployment(shop: Shop) -> None:
    shop.ring()
    shop.create(alarms=["errors"])

    shop.update(config=CANARY, alarms=["errors"])

    _, stopped = shop.deployments()
    assert shop.reason() == (
        f"{stopped['deploymentId']} failed. One or more alarms have been activated according to the Amazon CloudWatch "
        "metrics you selected, and the affected deployments have been stopped. Activated alarms: <errors>"
    )
    assert (stopped["status"], stopped["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert (shop.alias(), shop.shifts()) == (("1", {}), [])


def test_alarms_that_cannot_be_read_stop_it_too(shop: Shop) -> None:
    allowed = [action for action in MAY_MOVE if not action.startswith("cloudwatch:")]
    shop.ring(value="OK")
    shop.create(alarms=["errors"], may_move=allowed)

    shop.update(alarms=["errors"], may_move=allowed)

    assert shop.deployments()[-1]["errorInformation"]["code"] == "IAM_ROLE_PERMISSIONS"
    assert shop.alias() == ("1", {})


def test_what_is_taken_back_later_is_not_deployed_again(shop: Shop) -> None:
    shop.create()

    shop.update(before="Succeeded", Broken={**BROKEN, "DependsOn": "Live"})

    assert shop.stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert [done["status"] for done in shop.deployments()] == ["Succeeded"]
    assert shop.alias() == ("1", {})


def test_a_role_that_codedeploy_may_not_assume_is_refused(shop: Shop) -> None:
    shop.create(trusted="lambda.amazonaws.com")

    reason = shop.stack.reasons()["Group", "CREATE_FAILED"]
    assert "AWS CodeDeploy does not have the permissions required to assume the role arn:aws:iam::" in reason
    assert shop.stack.status() == "ROLLBACK_COMPLETE"


SAM_HOOK = """
import boto3

def handler(event, context):
    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded",
    )
"""


def _serverless(code: str, **more: object) -> dict[str, object]:
    properties = {"Runtime": OWN_RUNTIME, "Handler": "index.handler", "InlineCode": code, "Timeout": 20, **more}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _sam(version: int) -> dict[str, object]:
    group = "arn:aws:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:${ServerlessDeploymentApplication}/*"
    may = {
        "Effect": "Allow",
        "Action": "codedeploy:PutLifecycleEventHookExecutionStatus",
        "Resource": {"Fn::Sub": group},
    }
    return {
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Shop": _serverless(
                f"def handler(event, context): return {version}",
                AutoPublishAlias="live",
                DeploymentPreference={
                    "Type": "Canary10Percent15Minutes",
                    "Hooks": {"PreTraffic": {"Ref": "Hook"}, "PostTraffic": {"Ref": "Hook"}},
                },
            ),
            "Hook": _serverless(
                SAM_HOOK,
                FunctionName="CodeDeployHook_both",
                DeploymentPreference={"Enabled": False},
                Policies=[{"Version": "2012-10-17", "Statement": [may]}],
            ),
        },
    }


def test_sams_deployment_preference_is_followed_with_the_role_that_sam_makes(shop: Shop) -> None:
    allowed = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
    shop.stack.create(_sam(1), Capabilities=allowed)

    shop.stack.update(_sam(2), Capabilities=allowed)

    hooked = [event["function"] for event in shop.harness.events("InvocationStarted", after=shop.before)]
    assert shop.stack.status() == "UPDATE_COMPLETE"
    assert hooked == ["CodeDeployHook_both"] * 2
    assert shop.shifts() == [(10.0, 15, False), (100.0, 0, False)]
    assert shop.harness.events("AccessDenied", after=shop.before) == []
