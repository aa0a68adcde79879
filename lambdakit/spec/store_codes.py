"""The codes of databases, caches and alarms, which are a part of those in `codes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

STORE_CODES: Final[Mapping[str, Explanation]] = {
    "LK196": Explanation(
        "a database or cache that does not fit",
        "A database and a cache stand in the document's network, in two zones at least, and so do the functions that "
        "use them. A cluster's max_capacity is its min_capacity or more, and 1 at least. Who proves who they are by a "
        "secret names it, and who does so by IAM names none; IAM lets a user connect to a cache by the ARNs of both. "
        "A serverless cache has a major version.",
    ),
    "LK197": Explanation(
        "access to a database or cache that is not there",
        "database_access and cache_access let a route's function connect to the database or the cache of its own "
        "pattern. A pattern without one has nothing to connect to.",
    ),
    "LK198": Explanation(
        "an alarm on what the pattern does not have",
        "iterator_age is of Kinesis and DynamoDB streams, message_age of a queue that the pattern makes as its source, "
        "async_event_age of sources that hand their events to Lambda, failure_queue_depth of failure and dead-letter "
        "queues that the pattern makes, concurrency_share of functions with a reserved concurrency above 1. An alarm "
        "tells five topics at most.",
    ),
}
