"""What a template takes to be there besides networks: what AWS draws an id for is made, and the rest is asked for.

Source: CDK Developer Guide, "Resources and the AWS CDK", "Using resources in your AWS account"; each class's
`from_…_arn`, `from_…_name` and `from_lookup`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.errors import LambdakitError
from tests.fakes.existing_network import application, made
from tests.fakes.plain_assembly import Resources, function, role, write_stacks

pytestmark = pytest.mark.xdist_group("behaviour-existing-resources")

PREFIX = "arn:aws:{service}:us-east-1:123456789012:"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = PREFIX.format(service="kms") + f"key/{KEY_ID}"
POOL_ID = "us-east-1_AbCdEf123"
LISTENER = PREFIX.format(service="elasticloadbalancing") + "listener/app/main/50dc6c495c0c9188/f2f7dc8efc522ab2"
CERTIFICATE = PREFIX.format(service="acm") + "certificate/11111111-2222-3333-4444-555555555555"

ZONE_ANSWER = {"hosted-zone:account=1": {"Id": "/hostedzone/Z0DDDDDDDDDDD", "Name": "example.org"}}


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness() as started:
        yield started


def resource(type_name: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_name}", "Properties": properties}


def record(zone: str, name: str) -> dict[str, Any]:
    return resource("Route53::RecordSet", HostedZoneId=zone, Name=name, Type="TXT", TTL="60", ResourceRecords=['"x"'])


def test_a_key_is_there_and_encrypts_for_who_may_use_it(harness: Harness, tmp_path: Path) -> None:
    source = """
        import boto3, os
        def handler(event, context):
            return boto3.client("sqs").send_message(QueueUrl=os.environ["URL"], MessageBody="x")["MessageId"]
    """
    url = {"Variables": {"URL": {"Ref": "Queue"}}}
    allowed = {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "*"}
    grant = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": KEY_ARN}
    resources: Resources = {
        "Queue": resource("SQS::Queue", KmsMasterKeyId=KEY_ARN),
        **function("May", source, Environment=url),
        **function("MayNot", source, Environment=url),
        "MayRole": role(allowed, grant),
        "MayNotRole": role(allowed),
    }

    deployment = harness.deploy(application(tmp_path, resources))

    assert deployment.function("May").invoke({}).function_error is None
    assert "kms" in str(deployment.function("MayNot").invoke({}).payload).lower()
    assert made(harness)[KEY_ID].type == "AWS::KMS::Key"
    deployment.destroy()


@pytest.mark.parametrize(
    ("zone", "names", "context", "domain"),
    [
        ("Z0AAAAAAAAAAA", ["api.shop.example.com"], None, "shop.example.com"),
        ("Z0BBBBBBBBBBB", ["b.example.com", "a.x.example.com."], None, "example.com"),
        ("Z0CCCCCCCCCCC", ["example.com"], None, "example.com"),
        ("DUMMY", ["api.example.net"], None, "example.net"),
        ("Z0DDDDDDDDDDD", ["a.b.example.org"], ZONE_ANSWER, "example.org"),
    ],
    ids=["parent", "common", "apex", "not looked up", "looked up"],
)
def test_a_hosted_zone_takes_the_records(
    harness: Harness, tmp_path: Path, zone: str, names: list[str], context: object, domain: str
) -> None:
    resources = {f"Record{number}": record(zone, name) for number, name in enumerate(names)}
    name = f"zone-{zone.lower()}"

    deployment = harness.deploy(application(tmp_path, resources, context=context, name=name))

    assert harness.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"].rstrip(".") == domain
    assert made(harness)[zone].assumed is (context is None)
    deployment.destroy()


def test_a_certificate_is_issued_for_the_domain_that_uses_it(harness: Harness, tmp_path: Path) -> None:
    name = resource("ApiGateway::DomainName", DomainName="api.example.com", RegionalCertificateArn=CERTIFICATE)

    deployment = harness.deploy(application(tmp_path, {"Name": name}))

    described = harness.client("acm").describe_certificate(CertificateArn=CERTIFICATE)["Certificate"]
    assert (described["DomainName"], described["Status"]) == ("api.example.com", "ISSUED")
    deployment.destroy()


def test_a_user_pool_takes_clients_of_the_template(harness: Harness, tmp_path: Path) -> None:
    deployment = harness.deploy(
        application(tmp_path, {"Client": resource("Cognito::UserPoolClient", UserPoolId=POOL_ID)})
    )

    clients = harness.client("cognito-idp").list_user_pool_clients(UserPoolId=POOL_ID, MaxResults=5)
    assert len(clients["UserPoolClients"]) == 1
    deployment.destroy()


def test_a_listener_takes_rules_of_the_template_and_serves_them(harness: Harness, tmp_path: Path) -> None:
    answer = "def handler(event, context): return {'statusCode': 200, 'body': event['path']}"
    target = {"Id": {"Fn::GetAtt": ["Fn", "Arn"]}}
    invoked_by = "elasticloadbalancing.amazonaws.com"
    resources: Resources = {
        **function("Fn", answer),
        "May": resource(
            "Lambda::Permission",
            FunctionName={"Ref": "Fn"},
            Action="lambda:InvokeFunction",
            Principal=invoked_by,
        ),
        "Group": {
            **resource("ElasticLoadBalancingV2::TargetGroup", TargetType="lambda", Targets=[target]),
            "DependsOn": "May",
        },
        "Rule": resource(
            "ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=LISTENER,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}],
        ),
    }

    deployment = harness.deploy(application(tmp_path, resources))

    events = made(harness)
    balancer = LISTENER.rpartition("/")[0].replace("listener", "loadbalancer")
    assert {events[LISTENER].type, events[balancer].type} == {
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
    }
    assert len(harness.client("elbv2").describe_rules(ListenerArn=LISTENER)["Rules"]) == 2
    deployment.destroy()


def test_a_secret_has_the_arn_that_the_template_names(harness: Harness, tmp_path: Path) -> None:
    harness.client("secretsmanager").create_secret(Name="db/password", SecretString="hidden")
    arn = PREFIX.format(service="secretsmanager") + "secret:db/password-AbCdEf"
    source = f"""
        import boto3
        def handler(event, context):
            return boto3.client("secretsmanager").get_secret_value(SecretId="{arn}")["SecretString"]
    """
    reads = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}

    deployment = harness.deploy(application(tmp_path, {**function("Fn", source), "FnRole": role(reads)}))

    assert deployment.function("Fn").invoke({}).payload == "hidden"
    deployment.destroy()


def test_a_tables_stream_is_read_by_the_arn_that_the_template_names(harness: Harness, tmp_path: Path) -> None:
    dynamodb = harness.client("dynamodb")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    arn = PREFIX.format(service="dynamodb") + "table/orders/stream/2024-01-01T00:00:00.000"
    mapping = resource(
        "Lambda::EventSourceMapping",
        FunctionName={"Ref": "Fn"},
        EventSourceArn=arn,
        StartingPosition="TRIM_HORIZON",
    )

    deployment = harness.deploy(application(tmp_path, {**function("Fn"), "Mapping": mapping}))
    dynamodb.put_item(TableName="orders", Item={"id": {"S": "1"}})
    harness.drain()

    assert len(deployment.function("Fn").invocations) == 1
    deployment.destroy()


def test_what_is_of_another_account_is_left_alone(harness: Harness, tmp_path: Path) -> None:
    other = KEY_ARN.replace("123456789012", "999988887777").replace(KEY_ID, "99999999-12ab-34cd-56ef-1234567890ab")
    before = len(harness.trace.events)

    harness.deploy(application(tmp_path, {"Queue": resource("SQS::Queue", KmsMasterKeyId=other)})).destroy()

    assert made(harness, before) == {}


def test_what_a_failed_deployment_made_is_gone(harness: Harness, tmp_path: Path) -> None:
    key = KEY_ARN.replace("1234abcd", "5678abcd")
    rule = resource("Events::Rule", EventBusName="nowhere", EventPattern={"source": ["x"]})
    resources: Resources = {"Queue": resource("SQS::Queue", KmsMasterKeyId=key), "Rule": {**rule, "DependsOn": "Queue"}}

    with pytest.raises(LambdakitError):
        harness.deploy(application(tmp_path, resources))

    keys = harness.client("kms").list_keys()["Keys"]
    assert key not in {each["KeyArn"] for each in keys}


ABSENT = [
    ("sqs", "jobs", {"EventSourceArn": "{arn}jobs"}, 'harness.client("sqs").create_queue(QueueName="jobs")'),
    (
        *("kinesis", "clicks"),
        {"EventSourceArn": "{arn}stream/clicks", "StartingPosition": "LATEST"},
        'harness.client("kinesis").create_stream(StreamName="clicks", ShardCount=1)',
    ),
    (
        *("dynamodb", "gone"),
        {"EventSourceArn": "{arn}table/gone/stream/2024-01-01T00:00:00.000", "StartingPosition": "LATEST"},
        'harness.client("dynamodb").create_table(TableName="gone", …, StreamSpecification=…)',
    ),
]


@pytest.mark.parametrize(("service", "name", "properties", "call"), ABSENT, ids=[row[0] for row in ABSENT])
def test_the_refusal_names_a_source_that_is_absent_and_the_call_that_makes_it(
    harness: Harness, tmp_path: Path, service: str, name: str, properties: dict[str, str], call: str
) -> None:
    given = {key: value.format(arn=PREFIX.format(service=service)) for key, value in properties.items()}
    mapping = resource("Lambda::EventSourceMapping", FunctionName={"Ref": "Fn"}, **given)

    with pytest.raises(LambdakitError) as refused:
        harness.deploy(application(tmp_path, {**function("Fn"), "Mapping": mapping}, name=f"absent-{service}"))

    assert given["EventSourceArn"].endswith(name) or f"/{name}/" in given["EventSourceArn"]
    assert f"{given['EventSourceArn']} is not there: {call}" in str(refused.value)


TOPIC = PREFIX.format(service="sns") + "news"
METRIC = {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1"}
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
EVERYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}],
}
SECRET = PREFIX.format(service="secretsmanager") + "secret:shop/key-AbCd1f"
QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo"
PATH = [{"Field": "path-pattern", "Values": ["/x"]}]
TARGETS = PREFIX.format(service="elasticloadbalancing") + "targetgroup/web/50dc6c495c0c9188"
TO = [{"Type": "forward", "TargetGroupArn": TARGETS}]
NAMED: list[tuple[str, dict[str, Any], str]] = [
    (
        "bus",
        resource("Events::Rule", EventBusName="shop", EventPattern={"source": ["x"]}),
        'create_event_bus(Name="shop")',
    ),
    (
        "topic",
        resource("SNS::Subscription", TopicArn=TOPIC, Protocol="email", Endpoint="a@b.co"),
        'harness.client("sns").create_topic(Name="news")',
    ),
    (
        "logs",
        resource("Logs::MetricFilter", LogGroupName="/app/it", FilterPattern="", MetricTransformations=[METRIC]),
        'create_log_group(logGroupName="/app/it")',
    ),
    (
        "role",
        resource("IAM::Policy", PolicyName="p", Roles=["worker"], PolicyDocument=POLICY),
        'create_role(RoleName="worker", AssumeRolePolicyDocument=…)',
    ),
    (
        "function",
        resource("Lambda::Permission", FunctionName="it", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com"),
        'create_function(FunctionName="it", …), or deploy the stack that has it',
    ),
    (
        "api",
        resource("ApiGatewayV2::ApiMapping", ApiId="abc1234567", DomainName="a.example.com", Stage="prod"),
        "abc1234567 is not there: no call makes an API with a given id",
    ),
    (
        "secret",
        resource("SecretsManager::ResourcePolicy", SecretId=SECRET, ResourcePolicy=EVERYBODY),
        'create_secret(Name="shop/key", SecretString="…")',
    ),
    (
        "cluster",
        resource("ECS::Service", Cluster="workers", TaskDefinition="web"),
        'harness.client("ecs").create_cluster(clusterName="workers")',
    ),
    (
        "queue",
        resource("SQS::QueuePolicy", Queues=[QUEUE_URL], PolicyDocument=EVERYBODY),
        'harness.client("sqs").create_queue(QueueName="jobs.fifo")',
    ),
    ("url", resource("Lambda::Url", TargetFunctionArn="it", AuthType="NONE"), 'create_function(FunctionName="it", …)'),
    (
        "target group",
        resource("ElasticLoadBalancingV2::ListenerRule", ListenerArn=LISTENER, Priority=1, Conditions=PATH, Actions=TO),
        "targetgroup/web/50dc6c495c0c9188 is not there: no call makes one with a given ARN",
    ),
]


@pytest.mark.parametrize(("kind", "declared", "call"), NAMED, ids=[row[0] for row in NAMED])
def test_the_refusal_names_the_call_that_makes_what_is_named(
    harness: Harness, tmp_path: Path, kind: str, declared: dict[str, Any], call: str
) -> None:
    with pytest.raises(LambdakitError) as refused:
        harness.deploy(application(tmp_path, {"It": declared}, name=f"named-{kind}"))

    assert call in str(refused.value)
    assert "has to be made before the deployment" in str(refused.value)


def test_a_refusal_for_another_reason_has_no_such_hint(harness: Harness, tmp_path: Path) -> None:
    harness.client("sqs").create_queue(QueueName="short", Attributes={"VisibilityTimeout": "1"})
    source = PREFIX.format(service="sqs") + "short"
    mapping = resource("Lambda::EventSourceMapping", FunctionName={"Ref": "Fn"}, EventSourceArn=source, BatchSize=10)

    with pytest.raises(LambdakitError) as refused:
        harness.deploy(application(tmp_path, {**function("Fn"), "Mapping": mapping}))

    assert "has to be made" not in str(refused.value)


def test_absent_values_name_the_call_that_gives_them(harness: Harness, tmp_path: Path) -> None:
    declared = {"Host": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/host"}}
    path = write_stacks(tmp_path, {"values": {"Parameters": declared, "Resources": function("Fn")}})

    with pytest.raises(LambdakitError) as refused:
        harness.deploy(path)

    assert 'harness.client("ssm").put_parameter(Name="/shop/host", Type="String", Value="…")' in str(refused.value)


@pytest.mark.parametrize(
    ("reference", "call"),
    [
        ("ssm:/shop/host:2", 'put_parameter(Name="/shop/host", Type="String", Value="…")'),
        ("secretsmanager:shop/key:SecretString:a", 'create_secret(Name="shop/key", SecretString="…")'),
        (
            "secretsmanager:" + PREFIX.format(service="secretsmanager") + "secret:shop/key:SecretString:a",
            'create_secret(Name="shop/key", SecretString="…")',
        ),
        (
            "secretsmanager:" + SECRET + ":SecretString:a",
            'create_secret(Name="shop/key", SecretString="…"), which gets this ARN then',
        ),
        (
            "secretsmanager:" + PREFIX.format(service="secretsmanager") + "secret:shop-secret:SecretString:a",
            'create_secret(Name="shop-secret", SecretString="…")',
        ),
    ],
)
def test_absent_values_of_references_name_the_call_that_gives_them(
    harness: Harness, tmp_path: Path, reference: str, call: str
) -> None:
    variables = {"Variables": {"VALUE": f"{{{{resolve:{reference}}}}}"}}

    with pytest.raises(LambdakitError) as refused:
        harness.deploy(application(tmp_path, function("Fn", Environment=variables)))

    assert call in str(refused.value)
