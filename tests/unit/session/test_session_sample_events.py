"""Sample events: what each is made of, what its choices change, and what is refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.errors import HarnessError
from lambdakit.session.sample_events.generate import sample_event
from lambdakit.session.sample_events.overlay import overlaid
from lambdakit.session.sample_events.sample import Choices
from lambdakit.session.sample_events.samples import SAMPLES
from tests.fakes.event_shapes import expected, shape

PLAIN = Choices()
OTHER: dict[str, Any] = {
    "account_id": "210987654321",
    "region": "eu-central-1",
    "count": 3,
    "body": '{"sku": "teapot"}',
    "message": "what was said",
    "bucket": "photographs",
    "key": "a key/of mine.txt",
    "method": "put",
    "path": "/orders/7?size=large&size=small",
}
# Where the records of an event stand.
LISTS = ("Records", "records", "messages", "events", "rmqMessagesByQueue")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


def refusals(source: str, choices: Choices = PLAIN, members: Any = None) -> list[str]:
    with pytest.raises(HarnessError) as refused:
        sample_event(source, choices, members)
    return [diagnostic.render() for diagnostic in refused.value.diagnostics]


@pytest.mark.parametrize("source", SAMPLES)
def test_every_sample_has_its_expected_members(source: str) -> None:
    assert shape(sample_event(source)) == expected()[source], "looked at it? python -m tests.fakes.event_shapes"


def test_every_expected_shape_is_of_a_source() -> None:
    assert expected().keys() == SAMPLES.keys()


def test_samples_are_the_same_in_every_process() -> None:
    program = (
        "import json; from lambdakit.session.sample_events.generate import sample_event; "
        "from lambdakit.session.sample_events.samples import SAMPLES; "
        "print(json.dumps({name: sample_event(name) for name in SAMPLES}))"
    )

    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert json.loads(told) == {name: sample_event(name) for name in SAMPLES}


@pytest.mark.parametrize("source", SAMPLES)
@pytest.mark.parametrize("name", [each.name for each in fields(Choices)])
def test_a_choice_shows_in_the_event_or_is_refused(source: str, name: str) -> None:
    choices = replace(PLAIN, **{name: OTHER[name]})

    if name in SAMPLES[source].takes:
        assert sample_event(source, choices) != sample_event(source)
    else:
        [refusal] = refusals(source, choices)
        assert f"--{name.replace('_', '-')} stands nowhere in an event of {source}" in refusal
        assert "[LK581]" in refusal


@pytest.mark.parametrize("source", [name for name, sample in SAMPLES.items() if "region" in sample.takes])
def test_everything_is_in_the_region(source: str) -> None:
    told = json.dumps(sample_event(source, replace(PLAIN, region="ap-south-1")))

    assert "us-east-1" not in told


@pytest.mark.parametrize("source", [name for name, sample in SAMPLES.items() if "account_id" in sample.takes])
def test_everything_is_in_the_account(source: str) -> None:
    told = sample_event(source, replace(PLAIN, account_id="210987654321"))

    assert PLAIN.account_id not in json.dumps(told)


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_names_are_in_the_regions_partition(region: str, partition: str) -> None:
    [record] = sample_event("s3-put", replace(PLAIN, region=region))["Records"]

    assert record["s3"]["bucket"]["arn"] == f"arn:{partition}:s3:::example-bucket"


@pytest.mark.parametrize("source", [name for name, sample in SAMPLES.items() if "count" in sample.takes])
def test_each_record_of_many_is_one_of_its_own(source: str) -> None:
    event = sample_event(source, replace(PLAIN, count=3))

    records = event if isinstance(event, list) else next(event[name] for name in LISTS if name in event)
    if isinstance(records, dict):
        [records] = records.values()
    assert len(records) == 3
    if source != "mq-rabbit":  # whose messages have no identity
        assert len({json.dumps(record) for record in records}) == 3


@pytest.mark.parametrize("count", [0, -1, 10_001], ids=["none", "negative", "above the largest batch"])
def test_impossible_counts_are_refused(count: int) -> None:
    [refusal] = refusals("sqs", replace(PLAIN, count=count))

    assert f"--count {count} is not from 1 to 10,000" in refusal


def test_the_largest_batch_is_made() -> None:
    assert len(sample_event("kafka", replace(PLAIN, count=10_000))["records"]["example-topic-0"]) == 10_000


def test_an_event_that_no_function_takes_is_refused() -> None:
    [refusal] = refusals("sqs", replace(PLAIN, body="x" * 7_000_000))

    assert "a function takes 6,291,456" in refusal


def test_every_mistake_is_told_at_once() -> None:
    choices = Choices(region="Frankfurt", account_id="1", count=0, bucket="x")

    told = "\n".join(refusals("sqs", choices))

    assert all(part in told for part in ("--region 'Frankfurt'", "--account-id '1'", "--count 0", "--bucket"))


@pytest.mark.parametrize("source", ["eventbridge", "iot", "step-functions", "appsync", "destination"])
def test_a_body_that_stands_in_the_event_is_json(source: str) -> None:
    [refusal] = refusals(source, replace(PLAIN, body="no json"))

    assert "'no json' is not" in refusal


@pytest.mark.parametrize("text", ["[1]", "7", '"a"', "null"])
def test_an_events_detail_is_an_object_and_a_tasks_input_is_not_only_that(text: str) -> None:
    assert sample_event("step-functions", replace(PLAIN, body=text)) == json.loads(text)
    assert "is a JSON object" in refusals("eventbridge", replace(PLAIN, body=text))[0]


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("sqss", "sqs"),
        ("SQS", "sqs"),
        ("s3", "s3-put"),
        ("dynamo", "dynamodb"),
        ("cognito", "cognito-pre-sign-up"),
        ("api-gateway", "rest-api"),
        ("logs", "cloudwatch-logs"),
        ("lambda-url", "function-url"),
    ],
)
def test_an_unknown_source_is_told_the_nearest(wanted: str, nearest: str) -> None:
    [refusal] = refusals(wanted)

    assert refusal.startswith(f"there is no source {wanted!r}; nearest ")
    assert nearest in refusal.partition("nearest")[2].partition("[LK580]")[0]


@pytest.mark.parametrize("wanted", ["", "zzzzzz"])
def test_a_source_like_no_other_names_the_list(wanted: str) -> None:
    [refusal] = refusals(wanted)

    assert refusal == f"there is no source {wanted!r} [LK580]\n  hint: lambdakit events list shows every source"


def test_a_messages_digest_is_of_its_body() -> None:
    [record] = sample_event("sqs", replace(PLAIN, body="grün"))["Records"]

    assert record["md5OfBody"] == hashlib.md5("grün".encode(), usedforsecurity=False).hexdigest()


def test_an_objects_key_is_encoded_in_a_notification_and_plain_through_event_bridge() -> None:
    choices = replace(PLAIN, key="red flowers/ä.jpg")

    [record] = sample_event("s3-put", choices)["Records"]
    assert record["s3"]["object"]["key"] == "red+flowers/%C3%A4.jpg"
    assert sample_event("s3-eventbridge", choices)["detail"]["object"]["key"] == "red flowers/ä.jpg"


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("kinesis", lambda event: event["Records"][0]["kinesis"]["data"]),
        ("kafka", lambda event: event["records"]["example-topic-0"][0]["value"]),
        ("mq-active", lambda event: event["messages"][0]["data"]),
        ("mq-rabbit", lambda event: event["rmqMessagesByQueue"]["example-queue::/"][0]["data"]),
        ("firehose", lambda event: event["records"][0]["data"]),
    ],
)
def test_what_was_sent_stands_in_base64(source: str, place: Any) -> None:
    event = sample_event(source, replace(PLAIN, body="grün"))

    assert base64.b64decode(place(event)).decode() == "grün"


def test_logs_are_compressed_line_by_line() -> None:
    event = sample_event("cloudwatch-logs", replace(PLAIN, message="first\nsecond"))

    told = json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))
    assert [line["message"] for line in told["logEvents"]] == ["first", "second"]
    assert told["messageType"] == "DATA_MESSAGE"


def test_an_item_is_put_changed_and_removed() -> None:
    records = sample_event("dynamodb", replace(PLAIN, count=3))["Records"]

    images = [(each["eventName"], "OldImage" in each["dynamodb"], "NewImage" in each["dynamodb"]) for each in records]
    assert images == [("INSERT", False, True), ("MODIFY", True, True), ("REMOVE", True, False)]


def test_a_request_is_told_as_each_front_door_tells_it() -> None:
    choices = replace(PLAIN, path="/a%20b?n=1&n=%202", body="{}")

    new, old, balanced = (sample_event(source, choices) for source in ("http-api", "rest-api", "alb-multivalue"))

    assert (new["rawPath"], new["rawQueryString"]) == ("/a b", "n=1&n=%202")
    assert new["queryStringParameters"] == {"n": "1, 2"}
    assert new["requestContext"]["http"]["method"] == "POST"
    assert old["queryStringParameters"] == {"n": " 2"}
    assert old["multiValueQueryStringParameters"] == {"n": ["1", " 2"]}
    assert old["requestContext"]["path"] == "/prod/a b"
    assert balanced["multiValueQueryStringParameters"] == {"n": ["1", "%202"]}


def test_a_request_without_a_query_or_a_body_has_none() -> None:
    choices = replace(PLAIN, path="/plain")

    new, old = sample_event("http-api", choices), sample_event("rest-api", choices)

    assert {"queryStringParameters", "body"}.isdisjoint(new)
    assert (old["queryStringParameters"], old["body"]) == (None, None)


@pytest.mark.parametrize(
    ("event", "members", "result"),
    [
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": 1}, {"a": None}, {"a": None}),
        ({"a": {"b": 1}}, {"a": [1]}, {"a": [1]}),
        ({"a": ["x", "y"]}, {"a": ["z"]}, {"a": ["z"]}),
        ({"a": []}, {"a": [{"b": 1}]}, {"a": [{"b": 1}]}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [{"c": 3}]}, {"a": [{"b": 1, "c": 3}, {"b": 2}]}),
        ({"a": [{"b": 1}]}, {"a": [{}, {"b": 2}]}, {"a": [{"b": 1}, {"b": 2}]}),
        ({"a": [{"b": 1}]}, {"a": []}, {"a": []}),
        (7, {"a": 1}, {"a": 1}),
    ],
)
def test_members_are_laid_over(event: Any, members: Any, result: Any) -> None:
    before = json.dumps(event)

    assert overlaid(event, members) == result
    assert json.dumps(event) == before


@given(event=st.dictionaries(st.text(max_size=3), JSON, max_size=4), members=JSON)
def test_laying_over_twice_is_laying_over_once(event: Any, members: Any) -> None:
    once = overlaid(event, members)

    assert overlaid(once, members) == once
    assert overlaid(event, {}) == event


@pytest.mark.parametrize("source", [name for name in SAMPLES if name != "pipe"])
def test_any_member_of_any_source_can_be_set(source: str) -> None:
    event = sample_event(source, members={"addedMember": {"deep": [1]}})

    assert event == {**sample_event(source), "addedMember": {"deep": [1]}}
