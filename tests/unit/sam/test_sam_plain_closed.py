"""What of a template without SAM's transform would lose a condition or a closed door, and so stays whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.plain_templates import FUNCTION, HTTP_API, ROLE, TOKENS, TRUST, imported, route
from tests.fakes.sam_templates import project_in

GUARDED = route("GET /a", ", AuthorizationType: JWT, AuthorizerId: !Ref Tokens")
CONDITIONS = 'Conditions: {IsProd: !Equals ["a", "b"]}'
ARN = "arn:aws:sns:eu-west-1:111122223333:news"
REST_API = """
Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop, EndpointConfiguration: {Types: [REGIONAL]}}}
Get:
  Type: AWS::ApiGateway::Method
  Properties:
    RestApiId: !Ref Rest
    ResourceId: !GetAtt Rest.RootResourceId
    HttpMethod: GET
    AuthorizationType: NONE
    Integration: {Type: AWS_PROXY, Uri: !GetAtt Work.Arn}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


@pytest.mark.parametrize(
    "resource",
    [
        "Rule: {Type: AWS::Events::Rule, Condition: IsProd, Properties: {ScheduleExpression: rate(5 minutes), "
        "Targets: [{Id: a, Arn: !GetAtt Work.Arn}]}}\n",
        "Rule: {Type: AWS::Lambda::EventSourceMapping, DeletionPolicy: Retain, Properties: {FunctionName: !Ref Work, "
        "EventSourceArn: 'arn:aws:sqs:eu-west-1:111122223333:jobs'}}\n",
        "Rule: {Type: AWS::Scheduler::Schedule, Condition: IsProd, Properties: {ScheduleExpression: rate(5 minutes), "
        "FlexibleTimeWindow: {Mode: 'OFF'}, Target: {Arn: !GetAtt Work.Arn, RoleArn: x}}}\n",
        "Rule: {Type: AWS::SNS::Subscription, Condition: IsProd, Properties: {Protocol: lambda, "
        f"Endpoint: !GetAtt Work.Arn, TopicArn: {ARN}}}}}\n",
        "Rule: {Type: AWS::Logs::SubscriptionFilter, Condition: IsProd, Properties: {LogGroupName: a, "
        "FilterPattern: b, DestinationArn: !GetAtt Work.Arn}}\n",
        "Rule: {Type: AWS::Lambda::EventInvokeConfig, Condition: IsProd, Properties: {FunctionName: !Ref Work, "
        "Qualifier: $LATEST, MaximumRetryAttempts: 0}}\n",
    ],
    ids=["rule", "mapping", "schedule", "subscription", "filter", "invoke config"],
)
def test_what_is_there_on_a_condition_stays(project: Path, resource: str) -> None:
    document, gaps = imported(project, ROLE + FUNCTION + resource, CONDITIONS)

    rule = document["cloudformation"]["Rule"]
    assert rule.get("Condition", rule.get("DeletionPolicy")) in ("IsProd", "Retain")
    assert gaps == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Route: {", "Route: {Condition: IsProd, "),
        ("AuthorizerId: !Ref Tokens", "AuthorizerId: !Ref Tokens, AuthorizationScopes: [admin]"),
        ('PayloadFormatVersion: "2.0"', "RequestParameters: {'overwrite:path': /x}"),
        ("[$request.header.Authorization]", "[$request.header.X-Token]"),
    ],
    ids=["condition", "scopes", "parameters", "another header"],
)
def test_an_http_api_that_closes_more_stays_whole(project: Path, old: str, new: str) -> None:
    text = HTTP_API + TOKENS + GUARDED
    assert old in text

    document, gaps = imported(project, ROLE + FUNCTION + text.replace(old, new), CONDITIONS)

    assert {"Api", "Calls", "Stage", "Tokens", "Route"} <= document["cloudformation"].keys()
    assert "patterns" not in document
    assert gaps == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("REGIONAL", "PRIVATE"),
        ("Types: [REGIONAL]", "Types: [REGIONAL], VpcEndpointIds: [vpce-1]"),
        ("Type: AWS_PROXY", "Type: AWS_PROXY, RequestParameters: {integration.request.header.X: \"'a'\"}"),
        ("Type: AWS::ApiGateway::Method", "Type: AWS::ApiGateway::Method\n  Condition: IsProd"),
    ],
    ids=["private", "of a network", "parameters", "condition"],
)
def test_a_rest_api_that_closes_more_stays_whole(project: Path, old: str, new: str) -> None:
    opened, _ = imported(project, ROLE + FUNCTION + REST_API)
    document, gaps = imported(project, ROLE + FUNCTION + REST_API.replace(old, new), CONDITIONS)

    assert "rest" in opened["patterns"]
    assert {"Rest", "Get"} <= document["cloudformation"].keys()
    assert "patterns" not in document
    assert gaps == []


@pytest.mark.parametrize("tags", ["[{Name: a, Value: b}]", "[!If [IsProd, {Key: a, Value: b}, {Key: a, Value: c}]]"])
def test_tags_that_have_no_key_are_told(project: Path, tags: str) -> None:
    text = FUNCTION.replace("Code: src", f"Code: src, Tags: {tags}")

    _, gaps = imported(project, ROLE + text, CONDITIONS)

    assert gaps == [
        "Resources.Work.Properties.Tags: not carried over, as not all of them have a Key and a Value",
    ]


APART = """
Apart:
  Type: AWS::IAM::Policy
  Properties:
    PolicyName: apart
    Roles: [!Ref Role]
    PolicyDocument: {Statement: {Effect: Allow, Action: "sns:Publish", Resource: "*"}}
"""
ELSEWHERE = """
Other:
  Type: AWS::Lambda::Function
  Properties: {Code: {S3Bucket: code, S3Key: other.zip}, Handler: a.b, Runtime: python3.13, Role: !GetAtt Role.Arn}
"""
STAYS = "Resources.Work.Properties.Role: the role stays as it is, without what a document's own would have besides"
ANOTHER = f"O: {{Type: AWS::IAM::Role, Properties: {{AssumeRolePolicyDocument: {TRUST}}}}}\n"
MANAGED_ARNS = '[!Sub "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]'


@pytest.mark.parametrize(
    "apart",
    [
        APART + ELSEWHERE,
        APART.replace("[!Ref Role]", "[!Ref Role, !Ref O]") + ANOTHER,
        APART.replace("[!Ref Role]", "[!Ref Role, of-another-stack]"),
        APART.replace("[!Ref Role]", "[!Ref Role], Users: [me]".replace(", Users", "\n    Users")),
        APART.replace("IAM::Policy", "IAM::ManagedPolicy").replace("    PolicyName: apart\n", ""),
        APART.replace("IAM::Policy", "IAM::Policy\n  Condition: IsProd"),
    ],
    ids=["stays", "another role", "a role elsewhere", "a user", "managed", "condition"],
)
def test_a_policy_apart_that_goes_further_keeps_the_role(project: Path, apart: str) -> None:
    document, _ = imported(project, ROLE + FUNCTION + apart, CONDITIONS)

    raw = document["cloudformation"]
    assert raw["Apart"]["Properties"]["Roles"][0] == {"Ref": "Role"}
    assert "WorkPolicy" not in raw
    assert _role_of_work(document) == {"Fn::GetAtt": ["Role", "Arn"]}


def test_a_policy_apart_of_a_function_that_stays_is_kept(project: Path) -> None:
    document, _ = imported(project, ROLE + FUNCTION.replace(", Role: !GetAtt Role.Arn", "") + ELSEWHERE + APART)

    assert {"Apart", "Role", "Other"} <= document["cloudformation"].keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (MANAGED_ARNS, "!If [IsProd, [a], [b]]"),
        ("Policies: [{", "PermissionsBoundary: arn:aws:iam::111122223333:policy/b\n    Policies: [{"),
        ("Policies: [{", "Policies: [!If [IsProd, {}, !Ref AWS::NoValue], {"),
    ],
    ids=["managed", "boundary", "inline"],
)
def test_a_role_that_says_more_is_kept(project: Path, old: str, new: str) -> None:
    assert old in ROLE

    document, gaps = imported(project, ROLE.replace(old, new) + FUNCTION, CONDITIONS)

    assert list(document["cloudformation"]) == ["Role"]
    assert _role_of_work(document) == {"Fn::GetAtt": ["Role", "Arn"]}
    assert gaps == [STAYS]


@pytest.mark.parametrize(
    ("action", "resource", "is_kept"),
    [
        ("logs:PutLogEvents", "'*'", False),
        ("logs:PutLogEvents", "!Sub 'arn:${AWS::Partition}:logs:*:*:*'", False),
        ("logs:PutLogEvents", "!Sub 'arn:aws:logs:${AWS::Region}:1:log-group:/aws/lambda/x:*'", False),
        ("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/shop/audit:*", True),
        ("'logs:*'", "'*'", True),
    ],
)
def test_only_rights_to_a_functions_own_logs_go(project: Path, action: str, resource: str, is_kept: bool) -> None:
    role = ROLE.replace('"ses:SendEmail", Resource: "*"', f"{action}, Resource: {resource}")

    document, _ = imported(project, role + FUNCTION)

    assert ("WorkPolicy" in document.get("cloudformation", {})) is is_kept


@pytest.mark.parametrize(
    "more",
    [
        "SourceArn: arn:aws:sns:eu-west-1:999999999999:news",
        "SourceArn: !Ref Elsewhere",
        f"SourceArn: {ARN}, PrincipalOrgID: o-1",
        "SourceAccount: '999999999999'",
    ],
    ids=["another account's", "another topic", "an organisation", "an account"],
)
def test_a_permission_of_what_is_no_event_stays(project: Path, more: str) -> None:
    told = f"""
Elsewhere: {{Type: AWS::SNS::Topic}}
Told:
  Type: AWS::SNS::Subscription
  Properties: {{Protocol: lambda, Endpoint: !GetAtt Work.Arn, TopicArn: {ARN}}}
Permission:
  Type: AWS::Lambda::Permission
  Properties: {{FunctionName: !Ref Work, Action: lambda:InvokeFunction, Principal: sns.amazonaws.com, {more}}}
"""

    document, gaps = imported(project, ROLE + FUNCTION + told)

    assert document["patterns"]["work"]["source"]["kind"] == "sns"
    assert document["cloudformation"]["Permission"]["Properties"]["Principal"] == "sns.amazonaws.com"
    assert gaps == []


def _role_of_work(document: dict[str, Any]) -> Any:
    return document["functions"]["work"]["overrides"]["."]["Role"]


def test_a_need_that_is_no_name_is_no_defect(project: Path) -> None:
    queue = "Queue: {Type: AWS::SQS::Queue, DependsOn: [[x]]}\n"

    document, _ = imported(project, ROLE + FUNCTION + queue)

    assert "Queue" in document["cloudformation"]
