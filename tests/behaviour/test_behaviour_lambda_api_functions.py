"""Functions through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal, zip_of
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-functions")

EXISTS = "Function already exist: orders"
STALE = (
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
)


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    client = harness.aws("lambda")
    yield client
    delete_functions(client)


def _payload(client: Any, name: str, qualifier: str = "$LATEST") -> bytes:
    answer: bytes = client.invoke(FunctionName=name, Qualifier=qualifier, Payload=b'"hi"')["Payload"].read()
    return answer


class TestCreateFunction:
    def test_it_is_pending_in_the_answer_and_active_from_then_on(self, client: Any) -> None:
        created = create_function(client, "orders")

        assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
        assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
        assert (created["FunctionArn"], created["Version"]) == (f"{ARN}:orders", "$LATEST")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", created["LastModified"])
        client.get_waiter("function_active_v2").wait(FunctionName="orders", WaiterConfig={"MaxAttempts": 1})
        client.get_waiter("function_exists").wait(FunctionName="orders", WaiterConfig={"MaxAttempts": 1})
        assert _payload(client, "orders") == b'["hi", "$LATEST"]'

    def test_everything_that_was_said_is_returned(self, client: Any) -> None:
        said: dict[str, Any] = {
            "Description": "takes orders",
            "Timeout": 7,
            "MemorySize": 256,
            "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
            "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
            "Environment": {"Variables": {"TABLE": "orders"}},
            "KMSKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
            "TracingConfig": {"Mode": "Active"},
            "EphemeralStorage": {"Size": 1024},
            "SnapStart": {"ApplyOn": "PublishedVersions"},
            "Architectures": ["arm64"],
            "LoggingConfig": {
                "LogFormat": "JSON",
                "ApplicationLogLevel": "DEBUG",
                "SystemLogLevel": "WARN",
                "LogGroup": "/my/group",
            },
        }

        create_function(client, "orders", **said, Tags={"team": "shop"})

        found = client.get_function(FunctionName="orders")
        configuration = found["Configuration"]
        assert found["Tags"] == {"team": "shop"}
        assert found["Code"].keys() == {"RepositoryType", "Location"}
        assert found["Code"]["RepositoryType"] == "S3"
        for name, value in said.items():
            if name == "VpcConfig":
                value = {**value, "VpcId": "", "Ipv6AllowedForDualStack": False}
            elif name == "SnapStart":
                value = {**value, "OptimizationStatus": "Off"}
            assert configuration[name] == value, name
        assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
        assert client.get_function_configuration(FunctionName="orders").items() >= configuration.items()

    def test_code_may_lie_in_the_account_s_s3(self, harness: WiredHarness, client: Any) -> None:
        s3 = harness.aws("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="app.zip", Body=zip_of())

        create_function(client, "orders", Code={"S3Bucket": "code", "S3Key": "app.zip"})

        assert _payload(client, "orders") == b'["hi", "$LATEST"]'

    def test_publish_makes_the_first_version(self, client: Any) -> None:
        created = create_function(client, "orders", Publish=True)

        assert (created["Version"], created["FunctionArn"]) == ("1", f"{ARN}:orders:1")
        assert _payload(client, "orders", "1") == b'["hi", "1"]'

    def test_a_name_is_taken_once(self, client: Any) -> None:
        create_function(client, "orders")

        told = refusal(lambda: create_function(client, "orders", Timeout=9))

        assert told == (409, "ResourceConflictException", EXISTS)
        assert client.get_function_configuration(FunctionName="orders")["Timeout"] == 3

    @pytest.mark.parametrize(
        ("settings", "code", "text"),
        [
            ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file"),
            ({"Code": {"ZipFile": b""}}, "InvalidParameterValueException", "Uploaded file must be a non-empty zip"),
            ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
            (
                {"Code": {"S3Bucket": "missing", "S3Key": "x"}},
                "InvalidParameterValueException",
                "Error occurred while GetObject. S3 Error Code: NoSuchBucket.",
            ),
            ({"Runtime": "cobol"}, "InvalidParameterValueException", "Value cobol at 'runtime' failed"),
            ({"Role": "admin"}, "ValidationException", "Value 'admin' at 'role' failed to satisfy constraint"),
            ({"FunctionName": "a b"}, "ValidationException", "Value 'a b' at 'functionName' failed"),
            ({"FunctionName": "a" * 65}, "ValidationException", "at 'functionName' failed to satisfy constraint"),
            ({"MemorySize": 10_241}, "ValidationException", "Value '10241' at 'memorySize' failed"),
            ({"Timeout": 901}, "ValidationException", "Value '901' at 'timeout' failed to satisfy constraint"),
            (
                {"Environment": {"Variables": {"AWS_REGION": "x"}}},
                "InvalidParameterValueException",
                "Reserved keys used in this request: AWS_REGION",
            ),
            (
                {"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:missing:1"]},
                "InvalidParameterValueException",
                "Layer version arn:aws:lambda:us-east-1:123456789012:layer:missing:1 does not exist.",
            ),
            (
                {"LoggingConfig": {"LogFormat": "Text", "SystemLogLevel": "WARN"}},
                "InvalidParameterValueException",
                'LogLevel is not supported when LogFormat is set to "Text"',
            ),
            ({"PublishTo": "LATEST_PUBLISHED"}, "NotImplementedException", "PublishTo"),
            ({"DurableConfig": {}}, "InvalidParameterValueException", "DurableConfig needs an ExecutionTimeout"),
            ({"Tags": {"aws:x": "y"}}, "InvalidParameterValueException", "aws:"),
            ({"Tags": {f"k{n}": "" for n in range(51)}}, "InvalidParameterValueException", "Number of tags exceeds"),
        ],
        ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
    )
    def test_bad_input_makes_nothing(self, client: Any, settings: dict[str, Any], code: str, text: str) -> None:
        _, told, message = refusal(lambda: create_function(client, **{"name": "orders", **settings}))

        assert told == code
        assert text in message
        assert client.list_functions()["Functions"] == []

    def test_each_region_has_its_own(self, harness: WiredHarness, client: Any) -> None:
        import boto3

        create_function(client, "orders")
        session = boto3.session.Session(
            aws_access_key_id="ADMINISTRATOR", aws_secret_access_key="-", region_name="eu-west-1"
        )
        ireland = session.client("lambda", endpoint_url=f"http://127.0.0.1:{harness.port}")

        created = create_function(ireland, "orders")

        assert created["FunctionArn"] == f"{ARN.replace('us-east-1', 'eu-west-1')}:orders"
        delete_functions(ireland)
        assert client.get_function_configuration(FunctionName="orders")["FunctionArn"] == f"{ARN}:orders"
        ireland.close()


class TestNames:
    @pytest.mark.parametrize(
        "name", ["orders", f"{ARN}:orders", "123456789012:function:orders", "orders:$LATEST", f"{ARN}:orders:$LATEST"]
    )
    def test_every_way_to_name_it(self, client: Any, name: str) -> None:
        create_function(client, "orders")

        assert client.get_function_configuration(FunctionName=name)["FunctionName"] == "orders"

    @pytest.mark.parametrize(
        "operation",
        [
            *("get_function", "get_function_configuration", "delete_function", "list_versions_by_function"),
            *("publish_version", "list_aliases", "get_policy", "get_function_concurrency", "list_function_url_configs"),
            *(
                "get_function_event_invoke_config",
                "list_function_event_invoke_configs",
                "update_function_configuration",
            ),
            *("list_provisioned_concurrency_configs", "get_runtime_management_config", "get_function_url_config"),
            *("get_function_code_signing_config", "get_function_recursion_config", "delete_function_concurrency"),
            *("delete_function_url_config", "delete_function_event_invoke_config"),
        ],
    )
    def test_an_unknown_function_is_not_found(self, client: Any, operation: str) -> None:
        told = refusal(getattr(client, operation), FunctionName="missing")

        assert told == (404, "ResourceNotFoundException", f"Function not found: {ARN}:missing")

    def test_a_malformed_arn_is_refused(self, client: Any) -> None:
        status, code, message = refusal(client.get_function, FunctionName="arn:aws:lambda:orders")

        assert (status, code) == (400, "ValidationException")
        assert message.startswith("1 validation error detected: Value 'arn:aws:lambda:orders' at 'functionName' failed")

    def test_a_qualifier_in_the_arn_counts(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)

        assert client.get_function_configuration(FunctionName=f"{ARN}:orders:1")["Version"] == "1"
        assert refusal(client.get_function, FunctionName="orders:2")[2] == f"Function not found: {ARN}:orders:2"


class TestUpdateFunctionCode:
    def test_the_new_code_runs_and_published_code_stays(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        _payload(client, "orders")

        updated = client.update_function_code(
            FunctionName="orders", ZipFile=zip_of("def handler(event, context): return 'new'")
        )

        assert (updated["LastUpdateStatus"], updated["LastUpdateStatusReasonCode"]) == ("InProgress", "Creating")
        client.get_waiter("function_updated_v2").wait(FunctionName="orders", WaiterConfig={"MaxAttempts": 1})
        assert _payload(client, "orders") == b'"new"'
        assert _payload(client, "orders", "1") == b'["hi", "1"]'

    def test_publish_makes_a_version_of_it(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)

        updated = client.update_function_code(FunctionName="orders", ZipFile=zip_of("x = 1"), Publish=True)

        assert updated["Version"] == "2"

    def test_a_dry_run_changes_nothing(self, client: Any) -> None:
        before = create_function(client, "orders")

        tried = client.update_function_code(FunctionName="orders", ZipFile=zip_of("x = 1"), DryRun=True)

        after = client.get_function_configuration(FunctionName="orders")
        assert tried["CodeSha256"] != before["CodeSha256"]
        assert (after["CodeSha256"], after["RevisionId"]) == (before["CodeSha256"], before["RevisionId"])

    def test_a_version_is_never_changed(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)

        told = refusal(client.update_function_code, FunctionName="orders:1", ZipFile=zip_of("x = 1"))

        assert told[1:] == (
            "InvalidParameterValueException",
            "Current operation does not support versions other than $LATEST",
        )


class TestUpdateFunctionConfiguration:
    def test_what_is_given_changes_and_the_rest_stays(self, client: Any) -> None:
        create_function(client, "orders", Environment={"Variables": {"TABLE": "orders"}}, Description="old", Timeout=9)

        updated = client.update_function_configuration(
            FunctionName="orders", Description="", Environment={}, MemorySize=512
        )

        assert (updated["MemorySize"], updated["Timeout"], updated["Description"]) == (512, 9, "")
        assert "Environment" not in updated

    def test_of_two_clients_the_second_is_told(self, client: Any) -> None:
        revision = create_function(client, "orders")["RevisionId"]
        client.update_function_configuration(FunctionName="orders", Timeout=10, RevisionId=revision)

        told = refusal(client.update_function_configuration, FunctionName="orders", Timeout=20, RevisionId=revision)
        code = refusal(client.update_function_code, FunctionName="orders", ZipFile=zip_of("x"), RevisionId=revision)

        assert told == code == (412, "PreconditionFailedException", STALE)
        assert client.get_function_configuration(FunctionName="orders")["Timeout"] == 10

    def test_bad_input_changes_nothing(self, client: Any) -> None:
        create_function(client, "orders")

        told = refusal(client.update_function_configuration, FunctionName="orders", MemorySize=512, Timeout=901)

        assert told[1] == "ValidationException"
        assert client.get_function_configuration(FunctionName="orders")["MemorySize"] == 128


class TestCodeLocation:
    """API Reference, "GetFunction", "FunctionCodeLocation", "LayerVersionContentOutput"."""

    def test_the_package_can_be_downloaded_as_it_came(self, client: Any) -> None:
        create_function(client, "orders", Publish=True)
        client.update_function_code(FunctionName="orders", ZipFile=zip_of("other = 1"))

        current = client.get_function(FunctionName="orders")["Code"]["Location"]
        version = client.get_function(FunctionName="orders", Qualifier="1")["Code"]["Location"]

        assert _downloaded(current) == (200, zip_of("other = 1"))
        assert _downloaded(version) == (200, zip_of())

    def test_the_content_of_a_layer_too(self, client: Any) -> None:
        content = zip_of("A = 1", "python/a.py")
        made = client.publish_layer_version(LayerName="shared", Content={"ZipFile": content})
        read = client.get_layer_version(LayerName="shared", VersionNumber=made["Version"])

        assert _downloaded(made["Content"]["Location"]) == _downloaded(read["Content"]["Location"]) == (200, content)

    @pytest.mark.parametrize("change", [("Signature=", "Signature=0"), ("Expires=", "Expires=9")])
    def test_a_link_that_was_changed_is_refused(self, client: Any, change: tuple[str, str]) -> None:
        create_function(client, "orders")
        link = client.get_function(FunctionName="orders")["Code"]["Location"]

        status, body = _downloaded(link.replace(*change))

        assert status == 403
        assert b"<Code>SignatureDoesNotMatch</Code>" in body


class TestInvokeAsync:
    """API Reference, "InvokeAsync", which is deprecated and served."""

    def test_it_queues_the_event(self, client: Any, harness: WiredHarness) -> None:
        create_function(client, "orders")
        before = harness.position()

        answer = client.invoke_async(FunctionName=f"{ARN}:orders", InvokeArgs=b'"hi"')
        harness.drain()

        assert answer["Status"] == 202
        assert len(harness.events("InvocationEnded", after=before)) == 1

    def test_what_is_no_json_is_refused(self, client: Any) -> None:
        create_function(client, "orders")

        status, code, _ = refusal(client.invoke_async, FunctionName="orders", InvokeArgs=b"{")

        assert (status, code) == (400, "InvalidRequestContentException")


def _downloaded(link: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(link) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
