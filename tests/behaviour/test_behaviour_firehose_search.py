"""Delivery streams whose documents go to OpenSearch.

Source, unless a test says another: Amazon Data Firehose Developer Guide, "Understand data delivery in Amazon Data
Firehose" and "Handle data delivery failures"; API Reference, "ElasticsearchDestinationConfiguration".
"""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.behaviour.test_behaviour_push_permissions import make_role
from tests.fakes.delivery_server import DeliveryServer, indexed
from tests.fakes.event_source import ACCOUNT
from tests.fakes.lake import ROLE, TRANSFORMER, Lake
from tests.fakes.lambda_api import create_function
from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-firehose-search")

HOST = "search-clicks-abc.us-east-1.es.amazonaws.com"
FAILED = "AmazonOpenSearchService-failed"
BUCKET: dict[str, Any] = {
    "RoleARN": ROLE,
    "BucketARN": "arn:aws:s3:::lake",
    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
}


@pytest.fixture
def lake(harness: WiredHarness) -> Iterator[Lake]:
    function = create_function(harness.aws("lambda"), "transformer", TRANSFORMER, Timeout=10)["FunctionArn"]
    made = Lake(harness, function)
    yield made
    made.remove()
    harness.aws("lambda").delete_function(FunctionName="transformer")


@pytest.fixture
def cluster(harness: WiredHarness) -> Iterator[DeliveryServer]:
    with DeliveryServer(indexed()) as server:
        bind(harness, HOST, server.url)
        yield server


def bind(harness: WiredHarness, resource: str, url: str) -> None:
    assert harness.call("POST", "outside", {"bind": resource, "url": url}).status == 200


def configuration(**more: Any) -> dict[str, Any]:
    """Of a destination: the index `clicks`, without buffering or rotation unless `more` says so."""
    return {
        "RoleARN": ROLE,
        "ClusterEndpoint": f"https://{HOST}",
        "IndexName": "clicks",
        "IndexRotationPeriod": "NoRotation",
        "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
        "S3Configuration": BUCKET,
        **more,
    }


def create(lake: Lake, **more: Any) -> str:
    """The ARN of a delivery stream `s` with such a destination."""
    return lake.create_any("s", ElasticsearchDestinationConfiguration=configuration(**more))


def failures(lake: Lake) -> list[dict[str, Any]]:
    bodies = [body for key, body in lake.objects().items() if key.startswith(f"{FAILED}/")]
    return [json.loads(line) for body in bodies for line in body.splitlines()]


def told(lake: Lake, kind: str) -> list[dict[str, Any]]:
    return [event for event in lake.told(kind) if event["source"].endswith("/s")]


def test_documents_arrive_in_one_bulk_request(lake: Lake, cluster: DeliveryServer) -> None:
    create(lake, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 60})

    lake.put("s", '{"a": 1}', '{"a": 2}\n')
    assert cluster.received == []
    lake.advance(61)

    [request] = cluster.received
    assert (request.method, request.path) == ("POST", "/_bulk")
    assert request.headers["content-type"] == "application/x-ndjson"
    (first, one), (second, two) = cluster.documents()
    assert (one, two) == ({"a": 1}, {"a": 2})
    assert (first["_index"], second["_index"]) == ("clicks", "clicks")
    assert first["_id"] != second["_id"]
    assert "_type" not in first
    assert lake.objects() == {}
    assert [event["what"] for event in told(lake, "EventDelivered")] == ["2 records"]


def test_a_function_transforms_documents_first(lake: Lake, cluster: DeliveryServer) -> None:
    create(lake, **lake.transforming())

    lake.put("s", '{"a": "x"}', "fail", "drop")

    assert [document for _, document in cluster.documents()] == [{"A": "X"}]
    assert [failed["errorCode"] for failed in lake.failures()] == ["Lambda.ProcessingFailedStatus"]


@pytest.mark.parametrize(
    ("more", "keys"),
    [
        ({"DocumentIdOptions": {"DefaultDocumentIdFormat": "FIREHOSE_DEFAULT"}}, {"_index", "_id"}),
        ({"DocumentIdOptions": {"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}}, {"_index"}),
        ({"TypeName": "click"}, {"_index", "_id", "_type"}),
        ({"ClusterEndpoint": "https://abc.us-east-1.aoss.amazonaws.com"}, {"_index"}),
    ],
    ids=["given", "none", "a type", "serverless"],
)
def test_ids_and_types_of_documents(lake: Lake, cluster: DeliveryServer, more: dict[str, Any], keys: set[str]) -> None:
    bind(lake.harness, "abc.us-east-1.aoss.amazonaws.com", cluster.url)
    create(lake, **more)

    lake.put("s", "{}")

    [(action, _)] = cluster.documents()
    assert set(action) == keys


def test_the_index_rotates_with_the_clock(lake: Lake, cluster: DeliveryServer) -> None:
    create(lake, IndexRotationPeriod="OneHour")

    lake.put("s", "{}")
    lake.advance(3_600)
    lake.put("s", "{}")

    names = [action["_index"] for action, _ in cluster.documents()]
    assert len(set(names)) == 2
    assert all(name.startswith("clicks-20") and name.count("-") == 4 for name in names)


def test_what_a_cluster_refuses_is_backed_up_and_what_it_is_too_busy_for_is_sent_again(
    lake: Lake, cluster: DeliveryServer
) -> None:
    cluster.respond = indexed(201, 400, 429)
    create(lake)

    lake.put("s", '{"n": 1}', '{"n": 2}', '{"n": 3}')
    cluster.respond = indexed()
    lake.advance(6)

    sent = cluster.documents()
    assert [document["n"] for _, document in sent] == [1, 2, 3, 3]
    assert sent[2][0] == sent[3][0]  # "stable across multiple delivery attempts"
    [failed] = failures(lake)
    assert (failed["errorCode"], failed["attemptsMade"]) == ("400", 1)
    assert json.loads(failed["errorMessage"])["type"] == "mapper_parsing_exception"
    assert base64.b64decode(failed["rawData"]) == b'{"n": 2}'
    assert (failed["esIndexName"], failed["esTypeName"]) == ("clicks", "")
    assert failed["esDocumentId"] == sent[1][0]["_id"]
    assert [event["settled"] for event in told(lake, "EventNotDelivered")] == ["", FAILED]


def test_a_cluster_that_comes_back_gets_everything(lake: Lake, cluster: DeliveryServer) -> None:
    cluster.stop()
    create(lake)

    lake.put("s", '{"n": 1}')
    assert failures(lake) == []
    cluster.start()
    lake.advance(6)

    assert [document for _, document in cluster.documents()] == [{"n": 1}]
    assert failures(lake) == []
    assert [event["settled"] for event in told(lake, "EventNotDelivered")] == [""]


@pytest.mark.parametrize(
    ("retry", "attempts"), [({"RetryOptions": {"DurationInSeconds": 0}}, 1), ({}, 6)], ids=["no retries", "300 seconds"]
)
def test_a_cluster_that_stays_away_is_skipped(lake: Lake, retry: dict[str, Any], attempts: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        bind(lake.harness, HOST, f"http://127.0.0.1:{taken.getsockname()[1]}")
        create(lake, **retry)

        lake.put("s", '{"n": 1}')
        lake.drain()

    [failed] = failures(lake)
    assert (failed["errorCode"], failed["attemptsMade"]) == ("OS.ServiceException", attempts)


@pytest.mark.parametrize(("status", "body"), [(503, b"busy"), (403, b"no"), (200, b"no JSON"), (200, b'{"items": []}')])
def test_an_answer_that_is_none_is_asked_for_again(
    lake: Lake, cluster: DeliveryServer, status: int, body: bytes
) -> None:
    cluster.respond = lambda request: (status, "application/json", body)
    create(lake, RetryOptions={"DurationInSeconds": 10})

    lake.put("s", "{}")
    lake.drain()

    assert len(cluster.received) == 2
    [failed] = failures(lake)
    assert (failed["errorCode"], failed["attemptsMade"]) == (str(status), 2)
    assert body.decode() in failed["errorMessage"]


def test_what_nobody_takes_is_recorded_and_kept(lake: Lake) -> None:
    arn = create(lake, ClusterEndpoint="https://search-nobody.us-east-1.es.amazonaws.com", S3BackupMode="AllDocuments")

    lake.put("s", '{"n": 1}')

    [request] = told(lake, "DeliveryRequestRecorded")
    assert (request["method"], request["source"]) == ("POST", arn)
    assert request["url"] == "https://search-nobody.us-east-1.es.amazonaws.com/_bulk"
    assert request["body"].splitlines()[1] == '{"n": 1}'
    assert request["body_bytes"] == len(request["body"])
    [refused] = told(lake, "EventNotDelivered")
    assert 'harness.bind("search-nobody.us-east-1.es.amazonaws.com", ' in refused["reason"]
    assert [base64.b64decode(failed["rawData"]) for failed in failures(lake)] == [b'{"n": 1}']
    backups = [body for key, body in lake.objects().items() if not key.startswith(FAILED)]
    assert backups == [b'{"n": 1}']


def test_a_long_request_is_recorded_in_part(lake: Lake) -> None:
    create(lake, ClusterEndpoint="https://search-nobody.us-east-1.es.amazonaws.com")

    lake.put("s", json.dumps({"n": "x" * 50_000}))

    [request] = told(lake, "DeliveryRequestRecorded")
    assert len(request["body"]) == 16_384
    assert request["body_bytes"] > 50_000


def test_all_documents_are_backed_up_as_they_came(lake: Lake, cluster: DeliveryServer) -> None:
    """ "Firehose delivers all incoming records to Amazon S3"."""
    create(lake, S3BackupMode="AllDocuments", **lake.transforming())

    lake.put("s", '{"a": "x"}')

    assert [document for _, document in cluster.documents()] == [{"A": "X"}]
    assert list(lake.objects().values()) == [b'{"a": "x"}']


def test_errors_are_written_into_the_log_of_the_destination(lake: Lake, cluster: DeliveryServer) -> None:
    logs = lake.harness.aws("logs")
    logs.create_log_group(logGroupName="search")
    logs.create_log_stream(logGroupName="search", logStreamName="errors")
    cluster.respond = indexed(400)
    logging = {"Enabled": True, "LogGroupName": "search", "LogStreamName": "errors"}
    create(lake, CloudWatchLoggingOptions=logging)

    lake.put("s", "{}")

    [event] = logs.get_log_events(logGroupName="search", logStreamName="errors")["events"]
    said = json.loads(event["message"])
    assert (said["errorCode"], said["destination"]) == ("400", f"https://{HOST}")
    logs.delete_log_group(logGroupName="search")


def test_what_waits_for_a_stream_that_is_gone_is_let_go(lake: Lake, cluster: DeliveryServer) -> None:
    cluster.stop()
    lake.firehose.create_delivery_stream(DeliveryStreamName="s", ElasticsearchDestinationConfiguration=configuration())
    lake.put("s", "{}")

    lake.firehose.delete_delivery_stream(DeliveryStreamName="s")
    cluster.start()
    lake.drain()

    assert cluster.received == []
    assert lake.objects() == {}


def stack(destination: str, **given: Any) -> Resources:
    """A domain, a bucket and a delivery stream `s`. destination: the name of its configuration."""
    backup = {**BUCKET, "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]}}
    return {
        "Clicks": {"Type": "AWS::OpenSearchService::Domain", "Properties": {"DomainName": "clicks"}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "deployed-lake"}},
        "Stream": {
            "Type": "AWS::KinesisFirehose::DeliveryStream",
            "Properties": {
                "DeliveryStreamName": "s",
                destination: {
                    "RoleARN": ROLE,
                    "IndexName": "clicks",
                    "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 0},
                    "S3Configuration": backup,
                    **given,
                },
            },
        },
    }


@pytest.mark.parametrize(
    ("name", "given", "bound"),
    [
        (
            "AmazonopensearchserviceDestinationConfiguration",
            {"DomainARN": {"Fn::GetAtt": ["Clicks", "Arn"]}, "IndexRotationPeriod": "NoRotation"},
            "Clicks",
        ),
        (
            "AmazonopensearchserviceDestinationConfiguration",
            {"ClusterEndpoint": {"Fn::Sub": "https://${Clicks.DomainEndpoint}"}, "IndexRotationPeriod": "NoRotation"},
            "Clicks",
        ),
        (
            "AmazonOpenSearchServerlessDestinationConfiguration",
            {"CollectionEndpoint": "https://deployed.us-east-1.aoss.amazonaws.com"},
            "deployed.us-east-1.aoss.amazonaws.com",
        ),
    ],
    ids=["a domain", "its endpoint", "a collection"],
)
def test_a_deployed_stream_delivers_to_what_is_bound(
    harness: WiredHarness, stacks: Stacks, name: str, given: dict[str, Any], bound: str
) -> None:
    subnets = {"VpcConfiguration": {"RoleARN": ROLE, "SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}
    stacks.deploy(stack(name, **given, **subnets))

    with DeliveryServer(indexed()) as server:
        bind(harness, bound, server.url)
        harness.aws("firehose").put_record(DeliveryStreamName="s", Record={"Data": b'{"n": 1}'})
        harness.drain()

        [(action, document)] = server.documents()
    assert (action["_index"], document) == ("clicks", {"n": 1})


def test_a_reset_lets_go_of_what_waits_to_be_sent_again(harness: WiredHarness, stacks: Stacks) -> None:
    endpoint = {"ClusterEndpoint": f"https://{HOST}"}
    deployment = stacks.deploy(stack("AmazonopensearchserviceDestinationConfiguration", **endpoint))
    with DeliveryServer(indexed()) as server:
        bind(harness, HOST, server.url)
        server.stop()
        harness.aws("firehose").put_record(DeliveryStreamName="s", Record={"Data": b"{}"})
        harness.drain()

        harness.reset(deployment)
        server.start()
        assert harness.call("POST", "clock", {"advance_seconds": 600}).status == 200
        harness.drain()

        assert server.received == []


@pytest.mark.parametrize(
    ("missing", "delivered"),
    [("", True), ("es:ESHttpPost", False), ("es:DescribeDomain", False)],
    ids=["everything", "posting", "describing"],
)
def test_the_role_of_the_stream_needs_its_permissions(missing: str, delivered: bool) -> None:
    """Source: "Grant Firehose access to a public OpenSearch Service destination"."""
    domain = f"arn:aws:es:us-east-1:{ACCOUNT}:domain/clicks"
    actions = {"es:DescribeDomain": domain, "es:ESHttpPost": f"{domain}/*", "s3:PutObject": "arn:aws:s3:::lake/*"}
    with WiredHarness(enforce_iam="on") as harness, DeliveryServer(indexed()) as server:
        granted = [(action, resource) for action, resource in actions.items() if action != missing]
        make_role(harness, "firehose", "firehose.amazonaws.com", *granted)
        lake = Lake(harness, "")
        status = harness.aws("opensearch").create_domain(DomainName="clicks")["DomainStatus"]
        bind(harness, status["Endpoint"], server.url)
        given = configuration(DomainARN=status["ARN"], RetryOptions={"DurationInSeconds": 0})
        del given["ClusterEndpoint"]
        lake.create_any("s", ElasticsearchDestinationConfiguration=given)

        lake.put("s", "{}")
        lake.drain()

        assert len(server.received) == int(delivered)
        assert [failed["errorCode"] for failed in failures(lake)] == ["OS.AccessDenied"] * (not delivered)
        reasons = {event["reason"] for event in told(lake, "EventNotDelivered")}
        assert all(missing in reason for reason in reasons)
        assert bool(reasons) is not delivered
