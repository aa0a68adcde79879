"""Readings of devices: each message becomes an item of the table; what is no reading ends in the failure queue.

The event is what the rule's statement makes of a message: what the device sent, its `device_id` from the topic, and
`received_at` in milliseconds. The table comes in READINGS_TABLE_NAME.
"""

import math
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import boto3

READINGS_TABLE_NAME = os.environ["READINGS_TABLE_NAME"]
KEPT = timedelta(days=400)
# A device that counts on is believed that its clock is so far ahead, and no further.
AHEAD = timedelta(minutes=5)
# What sensors of this kind can measure. Outside, the sensor is broken.
RANGES = {"temperature": (-60, 120), "humidity": (0, 100), "battery": (0, 100)}

# Made once per execution environment, so that warm invocations reuse its connections.
readings = boto3.resource("dynamodb").Table(READINGS_TABLE_NAME)


class NotAReading(Exception):
    """What the device sent is no reading; the text says why."""


def handler(event, context):
    received_at = _time(event["received_at"])
    measured_at = _measured_at(event, received_at)
    values = {name: _value(name, event[name]) for name in RANGES if name in event}
    if not values:
        raise NotAReading(f"there is none of {', '.join(RANGES)}")
    # A message that comes twice, as MQTT's may, has the same key and is one item.
    key = {"device_id": event["device_id"], "measured_at": measured_at.isoformat(timespec="milliseconds")}
    readings.put_item(
        Item={
            **key,
            **values,
            "received_at": received_at.isoformat(timespec="milliseconds"),
            "expires_at": int((received_at + KEPT).timestamp()),
        }
    )
    return key


def _measured_at(event, received_at):
    """When the device says that it measured, else when the message came."""
    if "measured_at" not in event:
        return received_at
    given = event["measured_at"]
    if not isinstance(given, int) or isinstance(given, bool):
        raise NotAReading("measured_at must be a Unix time in milliseconds")
    try:
        measured_at = _time(given)
    except (OverflowError, ValueError):
        raise NotAReading("measured_at must be a Unix time in milliseconds") from None
    if measured_at > received_at + AHEAD:
        raise NotAReading(f"measured_at is more than {AHEAD.seconds} seconds ahead")
    if measured_at < received_at - KEPT:
        raise NotAReading(f"measured_at is more than {KEPT.days} days ago")
    return measured_at


def _value(name, given):
    low, high = RANGES[name]
    if not isinstance(given, int | float) or isinstance(given, bool) or not math.isfinite(given):
        raise NotAReading(f"{name} must be a number")
    if not low <= given <= high:
        raise NotAReading(f"{name} must be between {low} and {high}, and is {given}")
    return Decimal(str(given))


def _time(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
