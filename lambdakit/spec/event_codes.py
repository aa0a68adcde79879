"""The codes of what starts functions, which are a part of those in `codes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

EVENT_CODES: Final[Mapping[str, Explanation]] = {
    "LK178": Explanation(
        "a pattern that a service does not take",
        "In event patterns, filters and filter policies, each field has a list of what matches: values, or operators "
        'such as {prefix: shop.}, {numeric: [">=", 10]} and {exists: true}. Rules of EventBridge and policies of SNS '
        "know wildcard and cidr as well, filters of Lambda do not. A filter looks at body of a queue's messages, data "
        "of Kinesis, value of Kafka, and dynamodb of a table's stream.",
    ),
    "LK179": Explanation(
        "a schedule that never comes",
        "cron has six fields: minutes 0 to 59, hours 0 to 23, day of month 1 to 31, month 1 to 12 or JAN to DEC, day "
        "of week 1 to 7 or SUN to SAT, and a year. One of the two days is ?, as the other says the day. at() has a "
        "date of the calendar. A time zone is a name of the IANA database, such as Europe/Berlin.",
    ),
}
