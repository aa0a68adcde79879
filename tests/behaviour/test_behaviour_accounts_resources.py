"""What belongs to a function, and what asks one, in stacks of several accounts and regions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lambdakit import Harness
from lambdakit.errors import DeploymentError
from tests.fakes.accounts import (
    ANOTHER,
    ECHO,
    ENVIRONMENTS,
    HOME,
    ONE,
    REGIONS,
    Accounts,
    arn_of,
    function_of,
    kept,
    template_of,
)
from tests.fakes.lambda_api import create_function, zip_of
from tests.fakes.plain_assembly import Resources, function, http_api, published, table

pytestmark = pytest.mark.xdist_group("behaviour-accounts")

# Answers a custom resource, and keeps what it was asked in the table of its account.
ANSWERER = """
import json, urllib.request
import boto3

def handler(event, context):
    item = {"id": {"S": event["RequestType"]}, "stack": {"S": event["StackId"]}}
    boto3.client("dynamodb").put_item(TableName="asked", Item=item)
    answer = {"Status": "SUCCESS", "PhysicalResourceId": "made", "Data": {"By": context.invoked_function_arn}}
    answer |= {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request)
"""


@pytest.fixture(scope="module")
def harness() -> Iterator[Harness]:
    with Harness(account_id=HOME, region=REGIONS[HOME], enforce_iam="off") as running:
        yield running


@pytest.fixture
def accounts(harness: Harness, tmp_path: Path) -> Iterator[Accounts]:
    accounts = Accounts(harness, tmp_path)
    yield accounts
    accounts.close()


class TestEverythingOfAFunction:
    def test_versions_urls_permissions_layers_and_settings(self, accounts: Accounts, tmp_path: Path) -> None:
        assembly = tmp_path / "assembly-0"
        (assembly / "layer" / "python").mkdir(parents=True)
        (assembly / "layer" / "python" / "shared.py").write_text("WORD = 'from the layer'")
        bucket = {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"}
        source = "import shared\ndef handler(event, context): return [shared.WORD, context.invoked_function_arn]"
        function_arn = {"Fn::GetAtt": ["Fn", "Arn"]}
        parts: Resources = {
            **function("Fn", source, FunctionName="whole", Layers=[{"Ref": "Layer"}]),
            **published("Fn"),
            "Layer": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {"LayerName": "shared", "Content": {"S3Bucket": bucket, "S3Key": "layer"}},
            },
            "Url": {
                "Type": "AWS::Lambda::Url",
                "Properties": {"AuthType": "NONE", "TargetFunctionArn": function_arn},
            },
            "Permission": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": function_arn,
                    "Principal": "sns.amazonaws.com",
                },
            },
            "Settings": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {"FunctionName": {"Ref": "Fn"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 0},
            },
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}},
            "Mapping": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {
                    "FunctionName": {"Ref": "FnAlias"},
                    "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                    "Enabled": False,
                },
            },
        }
        deployment = accounts.deploy({"second": template_of(parts)}, ENVIRONMENTS, assets={"layer": assembly / "layer"})

        client, home = accounts.client("lambda", ANOTHER), accounts.harness.client("lambda", region=REGIONS[ANOTHER])
        alias = arn_of(ANOTHER, "whole:live")
        assert function_of(deployment, "second").invoke({}, qualifier="live").payload == ["from the layer", alias]
        assert client.list_aliases(FunctionName="whole")["Aliases"][0]["AliasArn"] == alias
        assert [layer["LayerName"] for layer in client.list_layers()["Layers"]] == ["shared"]
        assert client.get_function_url_config(FunctionName="whole")["FunctionArn"] == arn_of(ANOTHER, "whole")
        (statement,) = json.loads(client.get_policy(FunctionName="whole")["Policy"])["Statement"]
        assert statement["Resource"] == arn_of(ANOTHER, "whole")
        assert client.get_function_event_invoke_config(FunctionName="whole")["MaximumRetryAttempts"] == 0
        assert client.list_event_source_mappings()["EventSourceMappings"][0]["FunctionArn"] == alias
        assert home.list_layers()["Layers"] == []
        assert home.list_event_source_mappings()["EventSourceMappings"] == []

    def test_a_function_made_from_the_bucket_and_the_network_of_its_account(self, accounts: Accounts) -> None:
        s3, ec2, client = (accounts.client(service, ANOTHER) for service in ("s3", "ec2", "lambda"))
        s3.create_bucket(Bucket="code-of-another", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="code-of-another", Key="code.zip", Body=zip_of())
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        made = create_function(
            client,
            "by-hand",
            Role=f"arn:aws:iam::{ANOTHER}:role/by-hand",
            Code={"S3Bucket": "code-of-another", "S3Key": "code.zip"},
            VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": ["sg-1"]},
        )

        answer = client.invoke(FunctionName="by-hand", Payload=b"1")

        assert made["FunctionArn"] == arn_of(ANOTHER, "by-hand")
        assert made["VpcConfig"]["VpcId"] == vpc
        assert json.loads(answer["Payload"].read()) == [1, "$LATEST"]
        client.delete_function(FunctionName="by-hand")
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
        s3.delete_object(Bucket="code-of-another", Key="code.zip")
        s3.delete_bucket(Bucket="code-of-another")
        accounts.client("logs", ANOTHER).delete_log_group(logGroupName="/aws/lambda/by-hand")

    def test_code_from_a_bucket_of_its_account(self, accounts: Accounts) -> None:
        s3 = accounts.client("s3", ANOTHER)
        s3.create_bucket(Bucket="templates-code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="templates-code", Key="code.zip", Body=zip_of())
        code = {"S3Bucket": "templates-code", "S3Key": "code.zip"}
        parts = function("Fn", "", Code=code, Handler="app.handler")

        deployment = accounts.deploy({"second": template_of(parts)}, ENVIRONMENTS)

        assert function_of(deployment, "second").invoke("it").payload == ["it", "$LATEST"]
        s3.delete_object(Bucket="templates-code", Key="code.zip")
        s3.delete_bucket(Bucket="templates-code")

    @pytest.mark.parametrize("source", ["kinesis", "dynamodb"])
    def test_a_stream_of_its_account_is_a_source(self, accounts: Accounts, source: str) -> None:
        streams: Resources = {"kinesis": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}}}
        tables = table("Items", TableName="items", StreamSpecification={"StreamViewType": "NEW_IMAGE"})
        made = {"Source": streams["kinesis"] if source == "kinesis" else tables["Items"]}
        mapping = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Fn"},
                "EventSourceArn": {"Fn::GetAtt": ["Source", "Arn" if source == "kinesis" else "StreamArn"]},
                "StartingPosition": "LATEST",
                "Enabled": False,
            },
        }

        accounts.deploy({"second": template_of(made, function("Fn", ECHO), {"Mapping": mapping})}, ENVIRONMENTS)

        (kept,) = accounts.client("lambda", ANOTHER).list_event_source_mappings()["EventSourceMappings"]
        assert kept["EventSourceArn"].split(":")[2:5] == [source, "eu-west-1", ANOTHER]

    def test_an_asynchronous_event_ends_in_the_queue_of_its_account(self, accounts: Accounts) -> None:
        failing = "def handler(event, context): raise ValueError(event)"
        queue: Resources = {"Letters": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters"}}}
        dead_letters = {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Letters", "Arn"]}}}
        deployment = accounts.deploy(
            {"second": template_of(queue, function("Fn", failing, **dead_letters))}, ENVIRONMENTS
        )
        configured = accounts.client("lambda", ANOTHER)
        fn = function_of(deployment, "second")
        configured.put_function_event_invoke_config(FunctionName=fn.name, MaximumRetryAttempts=0)

        fn.invoke("lost", invocation_type="Event")
        accounts.harness.drain()

        sqs = accounts.client("sqs", ANOTHER)
        url = sqs.get_queue_url(QueueName="letters")["QueueUrl"]
        assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ['"lost"']

    def test_an_http_api_of_another_account_answers(self, accounts: Accounts) -> None:
        parts = (function("Fn", ECHO), http_api("Api", {"GET /": {"Fn::GetAtt": ["Fn", "Arn"]}}))
        deployment = accounts.deploy({"second": template_of(*parts)}, ENVIRONMENTS)

        with deployment.http() as client:
            answer = client.get("/").json()

        assert answer[0].startswith(f"arn:aws:lambda:eu-west-1:{ANOTHER}:function:")
        assert answer[1]["requestContext"]["accountId"] == ANOTHER


class TestCustomResources:
    @pytest.mark.parametrize("asking", [ANOTHER, ONE])
    def test_it_is_asked_of_the_function_wherever_that_is(self, accounts: Accounts, asking: str) -> None:
        """In its own stack, and from the stack of another account by the ARN."""
        answerer = template_of(table("Asked", TableName="asked"), function("Fn", ANSWERER, FunctionName="answerer"))
        custom = {"Type": "Custom::Mine", "Properties": {"ServiceToken": arn_of(ANOTHER, "answerer")}}
        environments = {"answerer": ENVIRONMENTS["second"], "asking": f"{asking}/{REGIONS[asking]}"}
        stacks = {"answerer": answerer, "asking": template_of({"Mine": custom}, By={"Fn::GetAtt": ["Mine", "By"]})}

        deployment = accounts.deploy(stacks, environments, dependencies={"asking": ["answerer"]})

        assert deployment.outputs["asking"]["By"] == arn_of(ANOTHER, "answerer")
        assert kept(accounts, ANOTHER, "asked")["Create"]["stack"].split(":")[4] == asking

    def test_one_whose_account_has_no_such_function(self, accounts: Accounts) -> None:
        custom = {"Type": "Custom::Mine", "Properties": {"ServiceToken": arn_of(ANOTHER, "nobody")}}

        with pytest.raises(DeploymentError, match=f"Function not found: {arn_of(ANOTHER, 'nobody')}"):
            accounts.deploy({"asking": template_of({"Mine": custom})}, {"asking": ENVIRONMENTS["first"]})


class TestStackOutputs:
    def test_a_role_reads_the_output_of_another_account_s_stack(self, accounts: Accounts) -> None:
        handle: Resources = {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
        reference = {
            "StackName": "first",
            "OutputName": "Word",
            "Region": REGIONS[ONE],
            "RoleArn": f"arn:aws:iam::{ONE}:role/reader",
        }
        stacks = {
            "first": template_of(handle, Word="of the first"),
            "second": template_of(handle, Read={"Fn::GetStackOutput": reference}),
        }

        deployment = accounts.deploy(stacks, ENVIRONMENTS, dependencies={"second": ["first"]})

        assert deployment.outputs["second"]["Read"] == "of the first"
