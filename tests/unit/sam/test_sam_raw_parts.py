"""What of a template stands in the document in CloudFormation's own words, and what is closed rather than opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.sam_templates import HEAD, function, imported, project_in

ROUTE = "G: {Type: Api, Properties: {Path: /a, Method: GET}}"
DAILY = "T: {Type: Schedule, Properties: {Schedule: rate(1 day)}}"
ALIAS = {"Ref": "work/Function/Function/Aliaslive"}
QUEUE = "Jobs: {Type: AWS::SQS::Queue}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_in(tmp_path)


def statements(document: dict[str, Any], name: str = "Work") -> list[Any]:
    found: list[Any] = document["cloudformation"][f"{name}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize(
    ("event", "others", "type_name", "properties"),
    [
        (
            "{Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 5, Enabled: false}}",
            QUEUE,
            "AWS::Lambda::EventSourceMapping",
            {
                "FunctionName": ALIAS,
                "EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]},
                "BatchSize": 5,
                "Enabled": False,
            },
        ),
        (
            "{Type: SNS, Properties: {Topic: 'arn:aws:sns:eu-west-1:123456789012:news', FilterPolicy: {a: [b]}}}",
            "",
            "AWS::SNS::Subscription",
            {
                "Protocol": "lambda",
                "Endpoint": ALIAS,
                "TopicArn": "arn:aws:sns:eu-west-1:123456789012:news",
                "FilterPolicy": {"a": ["b"]},
            },
        ),
        (
            "{Type: EventBridgeRule, Properties: {Pattern: {source: [a]}, InputPath: $.detail, State: DISABLED}}",
            "",
            "AWS::Events::Rule",
            {
                "EventPattern": {"source": ["a"]},
                "State": "DISABLED",
                "Targets": [{"Arn": ALIAS, "Id": "Function", "InputPath": "$.detail"}],
            },
        ),
        (
            "{Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 hour), Input: '{}'}}",
            "",
            "AWS::Scheduler::Schedule",
            {
                "ScheduleExpression": "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {"Arn": ALIAS, "RoleArn": {"Fn::GetAtt": ["WorkERole", "Arn"]}, "Input": "{}"},
            },
        ),
        (
            "{Type: IoTRule, Properties: {Sql: SELECT 1}}",
            "",
            "AWS::IoT::TopicRule",
            {
                "TopicRulePayload": {
                    "Sql": "SELECT 1",
                    "RuleDisabled": False,
                    "Actions": [{"Lambda": {"FunctionArn": ALIAS}}],
                }
            },
        ),
        (
            "{Type: CloudWatchLogs, Properties: {LogGroupName: /x, FilterPattern: ERROR}}",
            "",
            "AWS::Logs::SubscriptionFilter",
            {"DestinationArn": ALIAS, "FilterPattern": "ERROR", "LogGroupName": "/x"},
        ),
        (
            "{Type: AlexaSkill, Properties: {SkillId: amzn1.ask.skill.1}}",
            "",
            "AWS::Lambda::Permission",
            {
                "Action": "lambda:InvokeFunction",
                "FunctionName": ALIAS,
                "Principal": "alexa-appkit.amazon.com",
                "EventSourceToken": "amzn1.ask.skill.1",
            },
        ),
    ],
    ids=["queue", "topic", "rule", "schedule", "devices", "logs", "alexa"],
)
def test_a_further_event_is_what_sam_makes_of_it(
    project: Path, event: str, others: str, type_name: str, properties: dict[str, Any]
) -> None:
    document, gaps = imported(project, function(f"{DAILY}\nE: {event}") + others)

    made = document["cloudformation"]["WorkE"]
    assert (made["Type"], made["Properties"]) == (type_name, properties)
    assert gaps == []


def test_a_further_mapping_may_read_its_own_source_and_nothing_else(project: Path) -> None:
    event = "E: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}"

    document, _ = imported(project, function(f"{DAILY}\n{event}") + QUEUE)

    [statement] = statements(document)
    assert statement["Resource"] == {"Fn::GetAtt": ["Jobs", "Arn"]}
    assert all(action.startswith("sqs:") and "*" not in action for action in statement["Action"])
    assert document["cloudformation"]["WorkE"]["DependsOn"] == ["WorkPolicy"]


def test_triggers_and_notifications_stand_at_what_sends_them(project: Path) -> None:
    events = """
        P: {Type: Cognito, Properties: {UserPool: !Ref Pool, Trigger: [PreSignUp, PostConfirmation]}}
        A: {Type: S3, Properties: {Bucket: !Ref Files, Events: 's3:ObjectCreated:*'}}
        B: {Type: S3, Properties: {Bucket: !Ref Files, Events: 's3:ObjectRemoved:*'}}
    """
    others = "Pool: {Type: AWS::Cognito::UserPool}\nFiles: {Type: AWS::S3::Bucket, Properties: {BucketName: files}}\n"

    document, gaps = imported(project, function(events) + others)

    alias = {"Ref": "work/Function/Aliaslive"}
    pool, files = (document["cloudformation"][name] for name in ("Pool", "Files"))
    assert pool["Properties"]["LambdaConfig"] == {"PreSignUp": alias, "PostConfirmation": alias}
    assert files["Properties"]["NotificationConfiguration"]["LambdaConfigurations"] == [
        {"Event": "s3:ObjectCreated:*", "Function": alias},
        {"Event": "s3:ObjectRemoved:*", "Function": alias},
    ]
    assert files["DependsOn"] == ["WorkA", "WorkB"]
    assert gaps == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            "AWSSecretsManagerGetSecretValuePolicy: {SecretArn: !Ref Secret}",
            {"Action": ["secretsmanager:GetSecretValue"], "Resource": [{"Ref": "Secret"}]},
        ),
        (
            "SSMParameterReadPolicy: {ParameterName: shop/x}",
            {"Resource": [{"Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/shop/x"}]},
        ),
        (
            "Statement: {Effect: Deny, Action: 's3:*', Resource: !Sub '${Secret}-x'}",
            {"Effect": "Deny", "Action": "s3:*", "Resource": {"Fn::Sub": "${Secret}-x"}},
        ),
    ],
)
def test_rights_that_a_document_has_no_word_for_are_as_narrow_as_they_were(
    project: Path, policy: str, expected: dict[str, Any]
) -> None:
    body = function(DAILY, f"Policies: [{{{policy}}}]") + "Secret: {Type: AWS::SecretsManager::Secret}\n"

    document, gaps = imported(project, body)

    [statement] = statements(document)
    assert expected.items() <= statement.items()
    assert gaps == []


def test_a_policy_that_is_not_known_is_a_gap_and_a_named_one_is_attached(project: Path) -> None:
    body = function(DAILY, "Policies: [{EKSFullPolicy: {}}, AWSLambdaVPCAccessExecutionRole, AmazonSQSReadOnlyAccess]")

    document, gaps = imported(project, body)

    arns = document["patterns"]["work"]["overrides"]["Function/Role"]["ManagedPolicyArns"]
    assert [arn["Fn::Sub"].partition("policy/")[2] for arn in arns] == [
        "service-role/AWSLambdaVPCAccessExecutionRole",
        "AmazonSQSReadOnlyAccess",
    ]
    assert gaps == ["Resources.Work.Properties.Policies[0]"]


def test_a_policy_that_only_reads_does_not_let_write(project: Path) -> None:
    body = function(DAILY, "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Orders}}]")

    document, gaps = imported(project, body + "Orders: {Type: AWS::Serverless::SimpleTable}\n")

    assert document["patterns"]["work"]["function"]["grants"] == {"orders": "read"}
    assert "targets" not in document["patterns"]["work"]
    assert gaps == []


def test_the_queue_that_others_look_at_stays_where_letters_go(project: Path) -> None:
    queues = """\
Jobs: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}}
Dead: {Type: AWS::SQS::Queue}
Alarm: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: QueueName, Value: !GetAtt Dead.QueueName}]}}
"""

    document, gaps = imported(project, function("Q: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}") + queues)

    assert document["resources"] == {
        "jobs": {"kind": "queue", "max_receive_count": 2, "dead_letter_queue": "dead"},
        "dead": {"kind": "queue", "dead_letter_queue": "none"},
    }
    assert document["patterns"]["work"]["source"]["queue"] == "jobs"
    alarm = document["cloudformation"]["Alarm"]["Properties"]
    assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": ["dead", "QueueName"]}
    assert gaps == []


def test_what_has_no_word_in_a_document_is_laid_over(project: Path) -> None:
    queue = "Jobs: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs, KmsMasterKeyId: !Ref Key, DelaySeconds: 5}}\n"
    key = "Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: []}}}\n"
    more = "Environment: {Variables: {URL: !Ref Jobs, WHERE: !Sub '${AWS::Region}'}}\nKmsKeyArn: !GetAtt Key.Arn"

    document, gaps = imported(
        project, function("Q: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn}}", more) + queue + key
    )

    assert document["resources"]["jobs"]["overrides"] == {
        ".": {
            "QueueName": "jobs",
            "KmsMasterKeyId": {"Ref": "Key"},
            "DelaySeconds": 5,
            # SQS takes one of the two, and a new queue has the other.
            "SqsManagedSseEnabled": {"Ref": "AWS::NoValue"},
        }
    }
    pattern = document["patterns"]["work"]
    assert pattern["function"]["environment"] == {"WHERE": "${AWS::Region}"}
    assert pattern["overrides"]["Function"] == {
        "Environment": {"Variables": {"URL": {"Ref": "jobs"}}},
        "KmsKeyArn": {"Fn::GetAtt": ["Key", "Arn"]},
    }
    assert gaps == []


def test_what_names_something_that_is_not_there_goes_with_all_that_names_it(project: Path) -> None:
    body = (
        function(DAILY)
        + """\
Nested: {Type: AWS::Serverless::Application, Properties: {Location: a.yaml}}
Uses: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Nested.Outputs.A}}
Chain: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !Ref Uses}}
Kept: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Work.Arn}}
"""
    )

    document, gaps = imported(project, body)

    assert list(document["cloudformation"]) == ["Kept"]
    assert document["cloudformation"]["Kept"]["Properties"]["Value"] == {"Fn::GetAtt": ["work", "Arn"]}
    assert gaps == ["Resources.Nested", "Resources.Uses", "Resources.Chain"]


MACHINE = """\
Flow:
  Type: AWS::Serverless::StateMachine
  Properties:
    DefinitionUri: {path}
    DefinitionSubstitutions: {{Task: !GetAtt Work.Arn}}
    Policies: [{{LambdaInvokePolicy: {{FunctionName: !Ref Work}}}}]
    Tracing: {{Enabled: true}}
"""


def test_a_state_machine_is_cloudformations_with_its_definition_and_its_rights(project: Path) -> None:
    (project / "flow.asl.json").write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')

    document, gaps = imported(project, function(DAILY) + MACHINE.format(path="flow.asl.json"))

    machine, role = (document["cloudformation"][name]["Properties"] for name in ("Flow", "FlowRole"))
    assert machine == {
        "Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
        "TracingConfiguration": {"Enabled": True},
        "DefinitionSubstitutions": {"Task": {"Fn::GetAtt": ["work", "Arn"]}},
        "RoleArn": {"Fn::GetAtt": ["FlowRole", "Arn"]},
    }
    [statement] = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    # Of this function and its qualifiers alone, not of all whose names begin alike.
    assert [resource["Fn::Sub"][0].rpartition("function:")[2] for resource in statement["Resource"]] == [
        "${Name}",
        "${Name}:*",
    ]
    assert gaps == []


@pytest.mark.parametrize("path", ["../flow.json", "nowhere.json", "s3://bucket/flow.json", "src/app.py"])
def test_a_state_machine_whose_definition_is_not_beside_the_template_is_a_gap(project: Path, path: str) -> None:
    (project.parent / "flow.json").write_text("{}")

    document, gaps = imported(project, function(DAILY) + MACHINE.format(path=path))

    assert "cloudformation" not in document
    assert gaps == ["Resources.Flow"]


def test_conditions_mappings_and_outputs_are_the_documents(project: Path) -> None:
    head = f"""\
{HEAD}Parameters: {{Stage: {{Type: String, Default: dev, AllowedValues: [dev, prod]}}}}
Conditions: {{IsProd: !Equals [!Ref Stage, prod]}}
Mappings: {{Sizes: {{dev: {{days: 3}}}}}}
Outputs:
  Name: {{Value: !Ref Work, Condition: IsProd, Export: {{Name: !Sub '${{AWS::StackName}}-work'}}}}
  Url: {{Value: !Sub 'https://${{ServerlessRestApi}}.execute-api.eu-west-1.amazonaws.com/Prod'}}
"""
    value = "!FindInMap [Sizes, !Ref Stage, days]"
    days = f"Days: {{Type: AWS::SSM::Parameter, Condition: IsProd, Properties: {{Type: String, Value: {value}}}}}\n"

    document, gaps = imported(project, function(ROUTE) + days, head)

    assert document["parameters"] == {"Stage": {"type": "String", "default": "dev", "allowed_values": ["dev", "prod"]}}
    assert document["conditions"] == {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    assert document["mappings"] == {"Sizes": {"dev": {"days": 3}}}
    assert document["cloudformation"]["Days"]["Condition"] == "IsProd"
    assert document["outputs"] == {
        "Name": {
            "value": {"Ref": "work"},
            "export_name": {"Fn::Sub": "${AWS::StackName}-work"},
            "condition": "IsProd",
        }
    }
    # The stage of a document's REST API has another name, so that the address would be none.
    assert gaps == ["Outputs.Url"]


@pytest.mark.parametrize(
    ("api", "event"),
    [
        ("{Auth: {ApiKeyRequired: true}}", ""),
        ("{Auth: {ResourcePolicy: {IpRangeWhitelist: [10.0.0.0/8]}}}", ""),
        ("{EndpointConfiguration: {Type: PRIVATE}}", ""),
        ("{EndpointConfiguration: PRIVATE}", ""),
        ("{Domain: {DomainName: a.example, MutualTlsAuthentication: {TruststoreUri: s3://a/b}}}", ""),
        ("{}", ", Auth: {ApiKeyRequired: true}"),
        ("{}", ", Auth: {ResourcePolicy: {CustomStatements: []}}"),
        ("{}", ", Auth: {AuthorizationScopes: [admin]}"),
    ],
)
def test_what_kept_requests_out_is_never_left_open(project: Path, api: str, event: str) -> None:
    events = f"G: {{Type: Api, Properties: {{RestApiId: !Ref Shop, Path: /a, Method: GET{event}}}}}"

    document, gaps = imported(project, function(events) + f"Shop: {{Type: AWS::Serverless::Api, Properties: {api}}}\n")

    assert document["patterns"]["shop"]["api"]["authorizer"] == {"kind": "iam"}
    assert "authorizer" not in document["patterns"]["shop"]["routes"]["GET /a"]
    assert len(gaps) == 1
