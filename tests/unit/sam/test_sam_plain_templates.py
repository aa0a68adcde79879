"""Templates without SAM's transform: what of them becomes functions of a document, and what stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lambdakit.errors import SourceError
from lambdakit.sam import conversion as conversion_module
from lambdakit.sam.settled import Settled
from tests.fakes.plain_templates import FUNCTION, HTTP_API, ROLE, TOKENS, imported, route
from tests.fakes.sam_templates import project_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def test_a_function_has_what_its_role_may_do(project: Path) -> None:
    document, gaps = imported(project, ROLE + FUNCTION, "Outputs: {Arn: {Value: !GetAtt Role.Arn}}")

    assert document["functions"]["work"]["handler"] == "app.handler"
    policy = document["cloudformation"]["WorkPolicy"]["Properties"]
    assert policy["RoleName"] == {"Ref": "work/Role"}
    assert policy["PolicyDocument"]["Statement"] == [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}]
    assert list(document["cloudformation"]) == ["WorkPolicy"]
    assert document["outputs"]["Arn"]["value"] == {"Fn::GetAtt": ["work/Role", "Arn"]}
    assert gaps == []


def test_a_role_that_something_else_takes_up_stays(project: Path) -> None:
    other = """
Other:
  Type: AWS::Lambda::Function
  Properties: {Code: {S3Bucket: code, S3Key: other.zip}, Handler: a.b, Runtime: python3.13, Role: !GetAtt Role.Arn}
"""

    document, gaps = imported(project, ROLE + FUNCTION + other)

    raw = document["cloudformation"]
    assert raw["Other"]["Properties"]["Role"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert raw["Role"]["Type"] == "AWS::IAM::Role"
    assert gaps == [
        "Resources.Other.Properties.Code: the code does not lie beside the template: the function stays in "
        "CloudFormation's words"
    ]


def test_a_policy_apart_goes_with_the_role(project: Path) -> None:
    apart = """
Apart:
  Type: AWS::IAM::Policy
  Properties:
    PolicyName: apart
    Roles: [!Ref Role]
    PolicyDocument: {Statement: {Effect: Allow, Action: "sns:Publish", Resource: "*"}}
"""

    document, _ = imported(project, ROLE + FUNCTION + apart)

    statements = document["cloudformation"]["WorkPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [statement["Action"] for statement in statements] == ["ses:SendEmail", "sns:Publish"]
    assert "Apart" not in document["cloudformation"]


def test_code_of_the_template_becomes_files(project: Path) -> None:
    (project / "functions" / "work").mkdir(parents=True)
    code = "{ZipFile: 'exports.handle = async () => 1'}"
    text = FUNCTION.replace("Code: src", f"Code: {code}").replace("app.handler", "index.handle")

    document, gaps = imported(project, ROLE + text.replace("python3.13", "nodejs22.x"))

    assert document["functions"]["work"]["code"] == "functions/work_2"
    assert document["functions"]["work"]["handler"] == "index.handle"
    assert (project / "functions/work_2/index.js").read_text() == "exports.handle = async () => 1\n"
    assert gaps == []


def test_what_cannot_be_read_in_leaves_no_files(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion_module, "settled", lambda *_: Settled(document={}, told=()))
    code = "{ZipFile: 'def handler(event, context): ...'}"
    text = FUNCTION.replace("Code: src", f"Code: {code}").replace(", Role: !GetAtt Role.Arn", "")

    with pytest.raises(SourceError, match="LK253"):
        imported(project, text)

    assert not (project / "functions").exists()


def test_a_version_and_its_alias_are_the_functions_own(project: Path) -> None:
    versions = """
Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Work}}
Live: {Type: AWS::Lambda::Alias, Properties: {Name: blue, FunctionName: !Ref Work, FunctionVersion: !GetAtt Version.Version}}
Jobs: {Type: AWS::SQS::Queue}
Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Live, EventSourceArn: !GetAtt Jobs.Arn}}
"""  # noqa: E501  # one line of YAML each

    document, gaps = imported(project, ROLE + FUNCTION + versions, "Outputs: {Live: {Value: !Ref Live}}")

    assert document["patterns"]["work"]["function"]["alias"] == {"name": "blue"}
    assert document["patterns"]["work"]["source"]["kind"] == "sqs"
    assert document["outputs"]["Live"]["value"] == {"Ref": "work/Function/Function/Aliasblue"}
    assert list(document["cloudformation"]) == ["WorkPolicy"]
    assert gaps == []


@pytest.mark.parametrize(
    ("resource", "source"),
    [
        (
            "Rule: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: rate(5 minutes), "
            "Targets: [{Id: a, Arn: !GetAtt Work.Arn}]}}\n",
            {"kind": "schedule", "schedule": "rate(5 minutes)"},
        ),
        (
            "Rule: {Type: AWS::Events::Rule, Properties: {State: ENABLED, EventPattern: {source: [shop]}, "
            "Targets: [{Id: a, Arn: !GetAtt Work.Arn}]}}\n",
            {"kind": "event_rule", "event_pattern": {"source": ["shop"]}},
        ),
        (
            "Told: {Type: AWS::SNS::Subscription, Properties: {Protocol: lambda, Endpoint: !GetAtt Work.Arn, "
            "TopicArn: arn:aws:sns:eu-west-1:111122223333:news, FilterPolicy: {kind: [new]}}}\n",
            {
                "kind": "sns",
                "topic_arn": "arn:aws:sns:eu-west-1:111122223333:news",
                "filter_policy": {"kind": ["new"]},
            },
        ),
        (
            "Uploads: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {LambdaConfigurations: "
            "[{Event: 's3:ObjectCreated:*', Function: !GetAtt Work.Arn}]}}}\n",
            {"kind": "s3", "via": "notification", "events": ["object_created"]},
        ),
    ],
    ids=["schedule", "pattern", "topic", "bucket"],
)
def test_what_starts_a_function_is_its_pattern(project: Path, resource: str, source: dict[str, Any]) -> None:
    permission = (
        "Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Work, Action: "
        "lambda:InvokeFunction, Principal: events.amazonaws.com, SourceArn: !GetAtt Rule.Arn}}\n"
    )
    sources = {"sns": "arn:aws:sns:eu-west-1:111122223333:news", "s3": "!GetAtt Uploads.Arn"}
    permission = permission.replace("!GetAtt Rule.Arn", sources.get(source["kind"], "!GetAtt Rule.Arn"))

    document, gaps = imported(project, ROLE + FUNCTION + resource + permission.replace("events", _service(source)))

    assert document["patterns"]["work"]["source"] == source
    assert list(document["cloudformation"]) == ["WorkPolicy"]
    assert gaps == []


def _service(source: dict[str, Any]) -> str:
    return source["kind"] if source["kind"] in ("sns", "s3") else "events"


def test_a_rule_with_more_than_an_event_says_stays(project: Path) -> None:
    rule = """
Rule:
  Type: AWS::Events::Rule
  Properties:
    EventPattern: {source: [shop]}
    Targets: [{Id: a, Arn: !GetAtt Work.Arn, InputTransformer: {InputTemplate: '"x"'}}]
Permission:
  Type: AWS::Lambda::Permission
  Properties:
    FunctionName: !Ref Work
    Action: lambda:InvokeFunction
    Principal: events.amazonaws.com
    SourceArn: !GetAtt Rule.Arn
"""

    document, gaps = imported(project, ROLE + FUNCTION + rule)

    assert list(document["functions"]) == ["work"]
    assert document["cloudformation"]["Rule"]["Properties"]["Targets"][0]["Arn"] == {"Fn::GetAtt": ["work", "Arn"]}
    assert document["cloudformation"]["Permission"]["Properties"]["FunctionName"] == {"Ref": "work"}
    assert gaps == []


def test_routes_are_those_of_an_api_of_the_document(project: Path) -> None:
    routes = route("GET /a") + route("$default", name="Rest")

    document, gaps = imported(project, ROLE + FUNCTION + HTTP_API + routes)

    assert list(document["patterns"]["api"]["routes"]) == ["GET /a", "$default"]
    assert list(document["cloudformation"]) == ["WorkPolicy"]
    assert gaps == []


def test_an_api_keeps_asking_for_tokens(project: Path) -> None:
    guarded = route("GET /a", ", AuthorizationType: JWT, AuthorizerId: !Ref Tokens")

    document, gaps = imported(project, ROLE + FUNCTION + HTTP_API + TOKENS + guarded + route("GET /b", name="Open"))

    api = document["patterns"]["api"]
    assert api["api"]["authorizer"] == {"kind": "jwt", "issuer": "https://issuer.example.com", "audience": ["shop"]}
    assert "authorizer" not in api["routes"]["GET /a"]
    assert api["routes"]["GET /b"]["authorizer"] == "none"
    assert gaps == []


@pytest.mark.parametrize(
    "route_or_api",
    [
        route("GET /a", ", AuthorizationType: CUSTOM, AuthorizerId: x"),
        route("GET /a")
        + "Map: {Type: AWS::ApiGatewayV2::ApiMapping, Properties: {ApiId: !Ref Api, Stage: !Ref Stage}}\n",
    ],
    ids=["an authorizer of its own", "something that names its stage"],
)
def test_an_api_that_patterns_cannot_say_stays_whole(project: Path, route_or_api: str) -> None:
    document, gaps = imported(project, ROLE + FUNCTION + HTTP_API + route_or_api)

    assert {"Api", "Calls", "Stage", "Permission", "Route"} <= document["cloudformation"].keys()
    assert list(document["functions"]) == ["work"]
    assert gaps == []


def test_methods_are_routes_of_a_rest_api(project: Path) -> None:
    methods = """
Rest: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
Items: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Rest, ParentId: !GetAtt Rest.RootResourceId, PathPart: items}}
Item: {Type: AWS::ApiGateway::Resource, Properties: {RestApiId: !Ref Rest, ParentId: !Ref Items, PathPart: "{id}"}}
Get:
  Type: AWS::ApiGateway::Method
  Properties:
    RestApiId: !Ref Rest
    ResourceId: !Ref Item
    HttpMethod: GET
    AuthorizationType: AWS_IAM
    Integration: {Type: AWS_PROXY, Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Work.Arn}/invocations"}
Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Rest, StageName: prod}}
"""  # noqa: E501  # one line of YAML each

    document, gaps = imported(project, ROLE + FUNCTION + methods)

    assert document["patterns"]["rest"]["api"]["authorizer"] == {"kind": "iam"}
    assert list(document["patterns"]["rest"]["routes"]) == ["GET /items/{id}"]
    assert gaps == []


def test_a_template_of_nothing_but_code_elsewhere_stays_as_it_is(project: Path) -> None:
    text = FUNCTION.replace("Code: src", "Code: {ImageUri: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop}")

    document, gaps = imported(project, ROLE + text)

    assert set(document["cloudformation"]) == {"Role", "Work"}
    assert len(gaps) == 1
