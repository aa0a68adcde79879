"""Clicks: each record of a stream becomes a line of JSON in the delivery bucket.

The delivery stream's name comes in DELIVERY_STREAM_NAME. A record that is no click raises, so that Lambda halves the
batch until the record is alone, tries it again, and at last tells the failure queue. A record that Firehose does not
take for now is where Lambda is asked to go on, so that those before it are not delivered twice.
"""

import base64
import json
import os
import urllib.parse

import boto3

DELIVERY_STREAM_NAME = os.environ["DELIVERY_STREAM_NAME"]
# PutRecordBatch takes 500 records, 4 MiB together.
RECORDS_MAX = 500
BYTES_MAX = 4 * 1024 * 1024

# Made once per execution environment, so that warm invocations reuse its connections.
firehose = boto3.client("firehose")


class NotAClick(Exception):
    """The record is not what this stream is for."""


def handler(event, context):
    # All of them are read before one is delivered, so that a bad record does not leave others delivered twice.
    lines = [(record["kinesis"]["sequenceNumber"], line(record)) for record in event["Records"]]
    for part in parts(lines):
        answer = firehose.put_record_batch(
            DeliveryStreamName=DELIVERY_STREAM_NAME, Records=[{"Data": data} for _, data in part]
        )
        for (number, _), outcome in zip(part, answer["RequestResponses"], strict=True):
            if "ErrorCode" in outcome:
                return {"batchItemFailures": [{"itemIdentifier": number}]}
    return {"batchItemFailures": []}


def line(record):
    """The click as it is delivered."""
    number = record["kinesis"]["sequenceNumber"]
    try:
        click = json.loads(base64.b64decode(record["kinesis"]["data"]))
    except ValueError as error:
        raise NotAClick(f"record {number} is not JSON") from error
    if not isinstance(click, dict) or not all(isinstance(click.get(key), str) for key in ("visitor", "url")):
        raise NotAClick(f"record {number} has no visitor or no url")
    try:
        url = urllib.parse.urlsplit(click["url"])
    except ValueError as error:
        raise NotAClick(f"record {number} has a url that is none") from error
    cleaned = {
        "visitor": click["visitor"],
        "host": url.hostname,
        "path": url.path,
        # Firehose may deliver a record twice; this tells the copies.
        "id": record["eventID"],
        "arrived": record["kinesis"]["approximateArrivalTimestamp"],
    }
    return json.dumps(cleaned, separators=(",", ":")).encode() + b"\n"


def parts(lines):
    """The lines in groups that one call takes."""
    begin, size = 0, 0
    for at, (_, data) in enumerate(lines):
        if at - begin == RECORDS_MAX or size + len(data) > BYTES_MAX:
            yield lines[begin:at]
            begin, size = at, 0
        size += len(data)
    if begin < len(lines):
        yield lines[begin:]
