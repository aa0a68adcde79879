from __future__ import annotations

import json
from typing import Any

import pytest

from lambdakit.errors import HarnessError
from lambdakit.harness.deployment.permission_report import PermissionReport
from lambdakit.harness.deployment.places import Places
from lambdakit.harness.iam.authorization import Decision, Reason
from lambdakit.harness.iam.principal import Principal
from lambdakit.harness.iam.usage import Usage
from lambdakit.harness.moto_state.identities import Attached
from tests.fakes.deployed_stacks import a_function, a_role, created, deployed, deployment_of, role_arn

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class Policies:
    """Roles with their policies, as moto would hold them."""

    def __init__(self, **roles: dict[str, Any]) -> None:
        self._roles = {role_arn(name): documents for name, documents in roles.items()}

    def role_policies(self, arn: str) -> Attached | None:
        documents = self._roles.get(arn)
        if documents is None:
            return None
        return Attached(
            tuple((name, value if value is None else json.dumps(value)) for name, value in documents.items())
        )


def allow(*actions: str, resource: str = TABLE) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


def did(usage: Usage, role: str, action: str, reason: Reason = Reason.IDENTITY_POLICY, resource: str = TABLE) -> None:
    decision = Decision(
        allowed=reason is Reason.IDENTITY_POLICY, reason=reason, action=action, resource=resource, policy="inline"
    )
    usage.record(Principal(kind="role", arn=role_arn(role)), decision)


def permissions(stacks: Any, usage: Usage, policies: Policies, **more: Any) -> PermissionReport:
    return PermissionReport(
        usage=usage,
        places=Places(stacks),
        identities=policies,  # type: ignore[arg-type]  # reads nothing else of it
        all_actions=lambda prefix: (),
        **more,
    )


def test_report_joins_what_was_granted_with_what_was_used() -> None:
    stacks = deployed(
        a_role("Role1", "shop/create_order/Role/Resource"), a_function("F1", "Role1", "shop/create_order/Resource")
    )
    usage = Usage()
    policies = Policies(Role1={"inline": allow("dynamodb:PutItem", "dynamodb:GetItem"), BASIC: allow("logs:*")})
    did(usage, "Role1", "dynamodb:PutItem")
    did(usage, "Role1", "dynamodb:DeleteItem", Reason.NO_IDENTITY_POLICY)

    (role,) = permissions(stacks, usage, policies).of(deployment_of(stacks))["roles"]

    assert (role["arn"], role["path"], role["of_the_cdk"]) == (
        role_arn("Role1"),
        "shop/create_order/Role/Resource",
        False,
    )
    assert [function["name"] for function in role["functions"]] == ["F1"]
    assert [(grant["policy"], grant["origin"], grant["used_actions"]) for grant in role["grants"]] == [
        ("inline", "inline", ["dynamodb:PutItem"]),
        (BASIC, "aws", []),
    ]
    assert role["used"] == [
        {"action": "dynamodb:PutItem", "resource": TABLE, "by_platform": False, "by_resource_policy": False}
    ]
    (denial,) = role["denied"]
    assert denial["reason"] == "because no identity-based policy allows the dynamodb:DeleteItem action"
    assert json.loads(denial["statement"]) == {"Effect": "Allow", "Action": "dynamodb:DeleteItem", "Resource": TABLE}
    assert denial["place"].endswith("in the CDK: table.grant_write_data(create_order)")


def test_no_statement_helps_against_an_explicit_deny() -> None:
    stacks, usage = deployed(a_role("Role1")), Usage()
    did(usage, "Role1", "dynamodb:PutItem", Reason.EXPLICIT_DENY_IDENTITY)

    (role,) = permissions(stacks, usage, Policies(Role1={})).of(deployment_of(stacks))["roles"]

    assert role["denied"][0]["statement"] == ""


@pytest.mark.parametrize(
    ("also", "policy", "used"),
    [
        pytest.param((), allow("logs:*", resource="*"), True, id="made by Lambda"),
        pytest.param((), allow("logs:PutLogEvents", resource="*"), False, id="not allowed to"),
        pytest.param(
            (created("Group", "AWS::Logs::LogGroup", "", physical_id="/aws/lambda/F1"),),
            allow("logs:*", resource="*"),
            False,
            id="of the stack",
        ),
        pytest.param(
            (created("Kept", "Custom::LogRetention", "", properties={"LogGroupName": "/aws/lambda/F1"}),),
            allow("logs:*", resource="*"),
            False,
            id="made by the CDK's log retention",
        ),
    ],
)
def test_lambda_makes_the_log_group_that_is_not_there(
    also: tuple[Any, ...], policy: dict[str, Any], used: bool
) -> None:
    stacks, usage = deployed(a_role("Role1"), a_function("F1", "Role1"), *also), Usage()
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/F1:log-stream:"
    usage.record_platform(role_arn("Role1"), "logs:CreateLogGroup", group)

    (role,) = permissions(stacks, usage, Policies(Role1={"own": policy})).of(deployment_of(stacks))["roles"]

    assert [one["action"] for one in role["used"]] == (["logs:CreateLogGroup"] if used else [])


def test_each_function_is_told_with_the_services_of_its_own_role() -> None:
    stacks = deployed(
        *(a_role(f"Role{number}") for number in (1, 2, 3)),
        *(a_function(f"F{number}", f"Role{number}") for number in (1, 2, 3)),
    )
    policies = Policies(
        Role1={"own": allow("dynamodb:GetItem")}, Role2={"own": allow("sqs:SendMessage")}, Role3={"own": allow("*")}
    )

    services = permissions(stacks, Usage(), policies).services_of(deployment_of(stacks))

    assert services == {"F1": {"dynamodb"}, "F2": {"sqs"}, "F3": {"dynamodb", "sqs"}}


def test_roles_of_functions_come_first_and_imported_ones_are_among_them() -> None:
    stacks = deployed(a_role("Scheduler"), a_role("Role1"), a_function("F1", "Role1"), a_function("F2", "Imported"))

    roles = permissions(stacks, Usage(), Policies(Role1={})).of(deployment_of(stacks))["roles"]

    assert [role["name"] for role in roles] == ["Role1", "Imported", "Scheduler"]
    assert [role["grants"] for role in roles] == [[], [], []]


@pytest.mark.parametrize(
    ("path", "of_the_cdk"),
    [
        ("shop/create_order/Role/Resource", False),
        ("shop/CustomResourceProviderOfMine/Role/Resource", False),
        ("shop/LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a/ServiceRole/Resource", True),
        ("shop/BucketNotificationsHandler050a0587b7544547bf325f094a3db834/Role/Resource", True),
        ("shop/AWS679f53fac002430cb0da5b7982bd2287/ServiceRole/Resource", True),
        ("shop/Custom::S3AutoDeleteObjectsCustomResourceProvider/Role", True),
        ("shop/Database/Provider/framework-onEvent/ServiceRole/Resource", True),
    ],
)
def test_what_the_cdk_made_for_itself_is_marked(path: str, of_the_cdk: bool) -> None:
    stacks = deployed(a_role("Role1", path))

    (role,) = permissions(stacks, Usage(), Policies(Role1={})).of(deployment_of(stacks))["roles"]

    assert role["of_the_cdk"] is of_the_cdk


@pytest.mark.parametrize("document", [None, ["no", "policy"]])
def test_a_policy_that_cannot_be_read_grants_nothing(document: Any) -> None:
    stacks = deployed(a_role("Role1"))

    (role,) = permissions(stacks, Usage(), Policies(Role1={"broken": document})).of(deployment_of(stacks))["roles"]

    assert role["grants"] == []


def test_reset_keeps_what_the_deployment_did() -> None:
    stacks, usage = deployed(a_role("Role1"), a_function("F1", "Role1")), Usage()
    report, deployment = permissions(stacks, usage, Policies(Role1={})), deployment_of(stacks)
    did(usage, "Role1", "s3:PutBucketNotification")
    report.begin(deployment)
    did(usage, "Role1", "dynamodb:PutItem")

    report.reset(deployment)
    after_reset = [use["action"] for use in report.of(deployment)["roles"][0]["used"]]
    report.forget(report.roles_of(deployment))

    assert after_reset == ["s3:PutBucketNotification"]
    assert report.of(deployment)["roles"][0]["used"] == []


def test_nothing_is_told_where_nothing_is_decided() -> None:
    stacks = deployed(a_role("Role1"))

    with pytest.raises(HarnessError, match=r'enforce_iam="off"') as refused:
        permissions(stacks, Usage(), Policies(), decided=False).of(deployment_of(stacks))

    assert refused.value.diagnostics[0].code == "LK549"
