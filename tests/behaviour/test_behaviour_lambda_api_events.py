"""Event invoke configs, event source mappings and function URLs through the Lambda API, as boto3 speaks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.fakes.lambda_api import ARN, create_function, delete_functions, refusal
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-lambda-api-events")

QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"
TOPIC = "arn:aws:sns:us-east-1:123456789012:done"


@pytest.fixture
def client(harness: WiredHarness) -> Iterator[Any]:
    """With a function `orders` that has a version and the alias `live`."""
    client = harness.aws("lambda")
    create_function(client, "orders", Publish=True)
    client.create_alias(FunctionName="orders", Name="live", FunctionVersion="1")
    yield client
    for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
        client.delete_event_source_mapping(UUID=mapping["UUID"])
    delete_functions(client)


class TestEventInvokeConfigs:
    def test_each_qualifier_has_its_own(self, client: Any) -> None:
        put = client.put_function_event_invoke_config(
            FunctionName="orders",
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=60,
            DestinationConfig={"OnSuccess": {"Destination": TOPIC}, "OnFailure": {"Destination": QUEUE}},
        )
        client.put_function_event_invoke_config(FunctionName="orders", Qualifier="live", MaximumRetryAttempts=2)

        assert put["FunctionArn"] == f"{ARN}:orders:$LATEST"
        assert abs((datetime.now(UTC) - put["LastModified"]).total_seconds()) < 60
        found = client.get_function_event_invoke_config(FunctionName="orders")
        assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (0, 60)
        assert found["DestinationConfig"] == {"OnSuccess": {"Destination": TOPIC}, "OnFailure": {"Destination": QUEUE}}
        listed = client.list_function_event_invoke_configs(FunctionName="orders")["FunctionEventInvokeConfigs"]
        assert [config["FunctionArn"] for config in listed] == [f"{ARN}:orders:$LATEST", f"{ARN}:orders:live"]

    def test_put_replaces_and_update_adds(self, client: Any) -> None:
        client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)

        updated = client.update_function_event_invoke_config(FunctionName="orders", MaximumEventAgeInSeconds=99)
        replaced = client.put_function_event_invoke_config(FunctionName="orders", MaximumEventAgeInSeconds=98)

        assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 99)
        assert "MaximumRetryAttempts" not in replaced

    def test_one_is_deleted(self, client: Any) -> None:
        client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=0)

        client.delete_function_event_invoke_config(FunctionName="orders")

        missing = (
            404,
            "ResourceNotFoundException",
            f"The function {ARN}:orders:$LATEST doesn't have an EventInvokeConfig",
        )
        for operation in ("get", "delete"):
            assert (
                refusal(getattr(client, f"{operation}_function_event_invoke_config"), FunctionName="orders") == missing
            )
        assert (
            refusal(client.update_function_event_invoke_config, FunctionName="orders", MaximumRetryAttempts=1)
            == missing
        )

    @pytest.mark.parametrize(
        ("settings", "code", "text"),
        [
            ({"MaximumRetryAttempts": 3}, "ValidationException", "Value '3' at 'maximumRetryAttempts' failed"),
            ({"MaximumEventAgeInSeconds": 21_601}, "ValidationException", "less than or equal to 21600"),
            ({}, "InvalidParameterValueException", "You must specify at least one of error handling or destination"),
            (
                {"on_failure": f"{ARN}:orders"},
                "InvalidParameterValueException",
                "You can't specify the function as a destination for itself.",
            ),
            (
                {"on_success": f"{ARN}:orders:live"},
                "InvalidParameterValueException",
                "You can't specify the function as a destination for itself.",
            ),
            (
                {"on_success": "arn:aws:s3:::bucket"},
                "InvalidParameterValueException",
                "The destination ARN arn:aws:s3:::bucket is invalid.",
            ),
            (
                {"on_failure": "queue"},
                "ValidationException",
                "Value 'queue' at 'destinationConfig.onFailure.destination'",
            ),
            ({"on_failure": f"{QUEUE}.fifo"}, "InvalidParameterValueException", "is invalid."),
            ({"Qualifier": "missing", "MaximumRetryAttempts": 1}, "ResourceNotFoundException", "orders:missing"),
        ],
    )
    def test_bad_input_changes_nothing(self, client: Any, settings: dict[str, Any], code: str, text: str) -> None:
        client.put_function_event_invoke_config(FunctionName="orders", MaximumRetryAttempts=1)
        given = dict(settings)
        for name, member in (("on_success", "OnSuccess"), ("on_failure", "OnFailure")):
            if name in given:
                given["DestinationConfig"] = {member: {"Destination": given.pop(name)}}

        told = refusal(client.put_function_event_invoke_config, FunctionName="orders", **given)

        assert told[1] == code
        assert text in told[2]
        found = client.get_function_event_invoke_config(FunctionName="orders")
        assert (found["MaximumRetryAttempts"], found["DestinationConfig"]) == (1, {"OnSuccess": {}, "OnFailure": {}})

    def test_a_bucket_takes_failures(self, client: Any) -> None:
        put = client.put_function_event_invoke_config(
            FunctionName="orders", DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
        )

        assert put["DestinationConfig"]["OnFailure"] == {"Destination": "arn:aws:s3:::bucket"}


@pytest.fixture
def queue(harness: WiredHarness) -> Iterator[str]:
    sqs = harness.aws("sqs")
    url = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
    yield "arn:aws:sqs:us-east-1:123456789012:jobs"
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def stream(harness: WiredHarness) -> Iterator[str]:
    kinesis = harness.aws("kinesis")
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    yield "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"
    kinesis.delete_stream(StreamName="clicks")


class TestEventSourceMappings:
    def test_a_queue_is_mapped(self, client: Any, queue: str) -> None:
        made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName="orders:live", Tags={"a": "b"})

        assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
        assert made["State"] == "Creating"
        found = client.get_event_source_mapping(UUID=made["UUID"])
        told = {
            "EventSourceArn": queue,
            "FunctionArn": f"{ARN}:orders:live",
            "BatchSize": 10,
            "MaximumBatchingWindowInSeconds": 0,
            "State": "Enabled",
            "StateTransitionReason": "USER_INITIATED",
            "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:{made['UUID']}",
        }
        assert found.items() >= told.items()
        assert client.list_tags(Resource=told["EventSourceMappingArn"])["Tags"] == {"a": "b"}

    def test_a_stream_has_aws_s_defaults(self, client: Any, stream: str) -> None:
        made = client.create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName="orders",
            StartingPosition="AT_TIMESTAMP",
            StartingPositionTimestamp=datetime(2026, 1, 2, tzinfo=UTC),
        )

        found = client.get_event_source_mapping(UUID=made["UUID"])
        told = {
            "BatchSize": 100,
            "ParallelizationFactor": 1,
            "MaximumRecordAgeInSeconds": -1,
            "MaximumRetryAttempts": -1,
            "BisectBatchOnFunctionError": False,
            "TumblingWindowInSeconds": 0,
            "LastProcessingResult": "No records processed",
            "StartingPositionTimestamp": datetime(2026, 1, 2, tzinfo=UTC),
        }
        assert found.items() >= told.items()

    def test_one_is_changed_listed_and_deleted(self, client: Any, queue: str) -> None:
        made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName="orders", Enabled=False)
        mapping_id = made["UUID"]

        updated = client.update_event_source_mapping(UUID=mapping_id, Enabled=True, BatchSize=5)

        assert (updated["State"], updated["BatchSize"]) == ("Enabling", 5)
        for query in ({}, {"FunctionName": "orders"}, {"EventSourceArn": queue}):
            listed = client.list_event_source_mappings(**query)["EventSourceMappings"]
            assert [mapping["State"] for mapping in listed] == ["Enabled"]
        assert client.list_event_source_mappings(FunctionName="orders:live")["EventSourceMappings"] == []
        assert client.delete_event_source_mapping(UUID=mapping_id)["State"] == "Deleting"
        for operation in ("get", "delete", "update"):
            assert refusal(getattr(client, f"{operation}_event_source_mapping"), UUID=mapping_id) == (
                404,
                "ResourceNotFoundException",
                "The resource you requested does not exist.",
            )

    def test_a_pair_is_mapped_once(self, client: Any, queue: str) -> None:
        made = client.create_event_source_mapping(EventSourceArn=queue, FunctionName="orders")

        told = refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName="orders")

        assert told == (
            409,
            "ResourceConflictException",
            f'An event source mapping with SQS arn (" {queue} ") and function (" orders ") already exists. '
            f"Please update or delete the existing mapping with UUID {made['UUID']}",
        )

    @pytest.mark.parametrize(
        ("settings", "code", "text"),
        [
            ({"FunctionName": "missing"}, "ResourceNotFoundException", f"Function not found: {ARN}:missing"),
            ({"EventSourceArn": "jobs"}, "ValidationException", "Value 'jobs' at 'eventSourceArn' failed"),
            ({"EventSourceArn": "arn:aws:s3:::bucket"}, "InvalidParameterValueException", "Unrecognized event source"),
            ({"EventSourceArn": QUEUE}, "InvalidParameterValueException", "Error occurred while ReceiveMessage."),
            ({"BatchSize": 10_001}, "ValidationException", "Value '10001' at 'batchSize' failed"),
            ({"BatchSize": 11}, "InvalidParameterValueException", "Maximum batch window in seconds must be greater"),
            ({"StartingPosition": "LATEST"}, "InvalidParameterValueException", "StartingPosition is not supported"),
            ({"ParallelizationFactor": 2}, "InvalidParameterValueException", "ParallelizationFactor is not supported"),
            (
                {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}},
                "InvalidParameterValueException",
                "Invalid filter pattern definition.",
            ),
            (
                {"FilterCriteria": {"Filters": [{"Pattern": "{}"}] * 6}},
                "InvalidParameterValueException",
                "at most 5 filters",
            ),
            ({"ScalingConfig": {"MaximumConcurrency": 1001}}, "ValidationException", "less than or equal to 1000"),
        ],
    )
    def test_bad_input_makes_nothing(
        self, client: Any, queue: str, settings: dict[str, Any], code: str, text: str
    ) -> None:
        told = refusal(
            client.create_event_source_mapping, **{"EventSourceArn": queue, "FunctionName": "orders", **settings}
        )

        assert told[1] == code
        assert text in told[2]
        assert client.list_event_source_mappings()["EventSourceMappings"] == []

    @pytest.mark.parametrize(
        ("settings", "text"),
        [
            ({}, "Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."),
            ({"StartingPosition": "AT_TIMESTAMP"}, "StartingPositionTimestamp is required"),
            (
                {"StartingPosition": "LATEST", "TumblingWindowInSeconds": 1, "ParallelizationFactor": 2},
                "TumblingWindowInSeconds cannot be set",
            ),
            (
                {"StartingPosition": "LATEST", "ScalingConfig": {"MaximumConcurrency": 2}},
                "ScalingConfig is not supported",
            ),
        ],
    )
    def test_a_stream_has_rules_of_its_own(self, client: Any, stream: str, settings: dict[str, Any], text: str) -> None:
        told = refusal(client.create_event_source_mapping, EventSourceArn=stream, FunctionName="orders", **settings)

        assert told[0] == 400
        assert text in told[2]

    def test_messages_must_not_come_back_too_early(self, client: Any, queue: str) -> None:
        client.update_function_configuration(FunctionName="orders", Timeout=31)

        told = refusal(client.create_event_source_mapping, EventSourceArn=queue, FunctionName="orders")

        assert told[1:] == (
            "InvalidParameterValueException",
            "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
        )


class TestFunctionUrls:
    def test_one_is_made_changed_listed_and_deleted(self, client: Any) -> None:
        cors = {"AllowOrigins": ["https://example.com"], "MaxAge": 60}

        made = client.create_function_url_config(FunctionName="orders", Qualifier="live", AuthType="NONE", Cors=cors)

        assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
        assert made["FunctionUrl"].endswith(".lambda-url.us-east-1.on.aws/")
        assert (made["FunctionArn"], made["InvokeMode"]) == (f"{ARN}:orders:live", "BUFFERED")
        found = client.get_function_url_config(FunctionName="orders:live")
        assert (found["Cors"], found["AuthType"]) == (cors, "NONE")
        updated = client.update_function_url_config(
            FunctionName="orders", Qualifier="live", AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM"
        )
        assert (updated["Cors"], updated["AuthType"], updated["InvokeMode"]) == (cors, "AWS_IAM", "RESPONSE_STREAM")
        assert updated["FunctionUrl"] == made["FunctionUrl"]
        client.create_function_url_config(FunctionName="orders", AuthType="NONE")
        listed = client.list_function_url_configs(FunctionName="orders")["FunctionUrlConfigs"]
        assert [url["FunctionArn"] for url in listed] == [f"{ARN}:orders", f"{ARN}:orders:live"]
        client.delete_function_url_config(FunctionName="orders", Qualifier="live")
        for operation in ("get", "delete", "update"):
            told = refusal(getattr(client, f"{operation}_function_url_config"), FunctionName="orders", Qualifier="live")
            assert told == (404, "ResourceNotFoundException", "The resource you requested does not exist.")

    def test_a_function_has_one_for_each_alias(self, client: Any) -> None:
        client.create_function_url_config(FunctionName="orders", AuthType="NONE")

        told = refusal(client.create_function_url_config, FunctionName="orders", AuthType="AWS_IAM")

        assert told[:2] == (409, "ResourceConflictException")
        assert "FunctionUrlConfig exists for this Lambda function" in told[2]
        assert client.get_function_url_config(FunctionName="orders")["AuthType"] == "NONE"

    @pytest.mark.parametrize(
        ("settings", "code"),
        [
            ({"Qualifier": "1"}, "ValidationException"),
            ({"Qualifier": "missing"}, "ResourceNotFoundException"),
            ({"AuthType": "PASSWORD"}, "ValidationException"),
            ({"Cors": {"MaxAge": 86_401}}, "ValidationException"),
            ({"Cors": {"AllowMethods": ["OPTIONS"]}}, "ValidationException"),
            ({"FunctionName": "missing"}, "ResourceNotFoundException"),
        ],
    )
    def test_bad_input_makes_nothing(self, client: Any, settings: dict[str, Any], code: str) -> None:
        told = refusal(client.create_function_url_config, **{"FunctionName": "orders", "AuthType": "NONE", **settings})

        assert told[1] == code
        assert client.list_function_url_configs(FunctionName="orders")["FunctionUrlConfigs"] == []
