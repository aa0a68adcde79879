"""What moto's queues, buckets, tables, streams, log groups and user pools hold: taken as it is, and brought back.

Through the API each look costs a request; a reset looks at everything. What is taken is a copy that nothing else
changes, opaque to the caller; it may be brought back any number of times. None stands for nothing held.

Private surface used: `sqs_backends[account][region].queues[name]` with `_messages`, `_pending_messages`,
`deleted_messages` and `_messages_lock`; `s3_backends[account][partition].buckets[name]` with `keys` and `multiparts`,
and `FakeKey.__getstate__`; `dynamodb_backends[account][region].tables[name]` with `items`, `has_range_key` and
`stream_shard`; `kinesis_backends[account][region].streams[name].shards[id]` with `records` and `is_open`;
`logs_backends[account][region].groups[name]` with `streams` and their `events`;
`cognitoidp_backends[account][region].user_pools[id]` with `users`, `groups`, `refresh_tokens` and `access_tokens`.
Canary: tests/unit/harness/test_harness_moto_contents.py.
"""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any


def messages(account_id: str, region: str, queue_name: str) -> Sequence[Any] | None:
    """A queue's messages, in flight or not."""
    from moto.sqs.models import sqs_backends

    queue = sqs_backends[account_id][region].queues.get(queue_name)
    return None if queue is None or not queue._messages else copy.deepcopy(queue._messages)


def restore_messages(account_id: str, region: str, queue_name: str, taken: Sequence[Any] | None) -> None:
    """A queue with no other messages than those taken, each as often received as it was then."""
    from moto.sqs.models import sqs_backends

    queue = sqs_backends[account_id][region].queues.get(queue_name)
    if queue is None or not (queue._messages or taken):
        return
    with queue._messages_lock:
        queue._messages = copy.deepcopy(list(taken or ()))
        queue._pending_messages = set()
        queue.deleted_messages = set()
        queue._messages_lock.notify_all()


def objects(account_id: str, bucket_name: str) -> dict[str, Sequence[tuple[Any, Any]]] | None:
    """A bucket's objects, every version of them, by key: each as the object itself and a copy of its state."""
    bucket = _bucket(account_id, bucket_name)
    if bucket is None or not bucket.keys:
        return None
    return {key: [(version, _state(version)) for version in versions] for key, versions in bucket.keys.iterlists()}


def holds_objects(account_id: str, bucket_name: str) -> bool:
    """Whether the bucket has an object, an older version or a delete marker."""
    bucket = _bucket(account_id, bucket_name)
    return bucket is not None and bool(bucket.keys)


def restore_objects(account_id: str, bucket_name: str, taken: dict[str, Sequence[tuple[Any, Any]]] | None) -> None:
    """A bucket with no other objects than those taken, and no unfinished uploads.

    What is made anew takes its place in `taken`, so that the next time it is known to be as it should.
    """
    bucket = _bucket(account_id, bucket_name)
    if bucket is None or not (bucket.keys or bucket.multiparts or taken):
        return
    wanted = taken if taken is not None else {}
    bucket.multiparts.clear()
    for key in [key for key in list(bucket.keys) if key not in wanted]:
        bucket.keys.setlist(key, [])  # moto's own `pop` fails over a delete marker
        dict.pop(bucket.keys, key)
    for key, versions in wanted.items():
        present = bucket.keys.getlist(key, [])
        if [id(version) for version in present] != [id(version) for version, _ in versions]:
            wanted[key] = [(_from_state(type(version), state), state) for version, state in versions]
            bucket.keys.setlist(key, [version for version, _ in wanted[key]])


def items(account_id: str, region: str, table_name: str) -> Any:
    """A table's items, and the records of its stream."""
    from moto.dynamodb.models import dynamodb_backends

    table = dynamodb_backends[account_id][region].tables.get(table_name)
    if table is None:
        return None
    held = copy.deepcopy(_items(table))
    told = [] if table.stream_shard is None else list(table.stream_shard.items)
    return (held, told) if held or told else None


def restore_items(account_id: str, region: str, table_name: str, taken: Any) -> bool:
    """A table with no other items than those taken; whether there is such a table.

    Its stream does not tell of the change, and tells no more than it did then; its numbers never come again.
    """
    from moto.dynamodb.models import dynamodb_backends

    table = dynamodb_backends[account_id][region].tables.get(table_name)
    if table is None:
        return False
    held, told = taken or ({}, [])
    if _items(table) != held:
        table.items.clear()
        table.items.update(copy.deepcopy(dict(held)))
    if table.stream_shard is not None:
        table.stream_shard.items = list(told)
    return True


def records(account_id: str, region: str, stream_name: str) -> Any:
    """A Kinesis stream's shards, open or closed, with their records."""
    stream = _stream(account_id, region, stream_name)
    if stream is None:
        return None
    return [(shard, shard.is_open, OrderedDict(shard.records)) for shard in stream.shards.values()]


def restore_records(account_id: str, region: str, stream_name: str, taken: Any) -> None:
    """A Kinesis stream with no other shards and records than those taken. Its numbers never come again."""
    stream = _stream(account_id, region, stream_name)
    if stream is None:
        return
    if taken is None:
        taken = [(shard, shard.is_open, OrderedDict()) for shard in stream.shards.values()]
    if stream.shards.keys() != {shard.shard_id for shard, _, _ in taken}:
        stream.shards = {shard.shard_id: shard for shard, _, _ in taken}
        stream.shard_count = sum(is_open for _, is_open, _ in taken)
    for shard, is_open, held in taken:
        shard.is_open = is_open
        if shard.records.keys() != held.keys():
            shard.records = OrderedDict(held)


def log_streams(account_id: str, region: str, group_name: str) -> Mapping[str, Sequence[Any]] | None:
    """The events of a log group, by stream."""
    from moto.logs.models import logs_backends

    group = logs_backends[account_id][region].groups.get(group_name)
    if group is None or not group.streams:
        return None
    return {name: list(stream.events) for name, stream in group.streams.items()}


def restore_log_streams(
    account_id: str, region: str, group_name: str, taken: Mapping[str, Sequence[Any]] | None
) -> None:
    """A log group with no other streams and events than those taken."""
    from moto.logs.models import logs_backends

    backend = logs_backends[account_id][region]
    group = backend.groups.get(group_name)
    if group is None or not (group.streams or taken):
        return
    for name in [name for name in group.streams if name not in (taken or {})]:
        del group.streams[name]
    for name, events in (taken or {}).items():
        if name not in group.streams:
            backend.create_log_stream(group_name, name)
        group.streams[name].events = list(events)


def users(account_id: str, region: str, pool_id: str) -> Sequence[tuple[Any, Any]] | None:
    """The users of a user pool, each with its state."""
    pool = _pool(account_id, region, pool_id)
    return None if pool is None or not pool.users else [(user, _copied(user)) for user in pool.users.values()]


def restore_users(account_id: str, region: str, pool_id: str, taken: Sequence[tuple[Any, Any]] | None) -> None:
    """A user pool with no other users than those taken, as they were, in the groups that they were in; no sessions."""
    pool = _pool(account_id, region, pool_id)
    if pool is None or not (pool.users or taken):
        return
    for user, state in taken or ():
        vars(user).update({name: copy.copy(value) for name, value in state.items()})
    pool.users = OrderedDict((user.username, user) for user, _ in taken or ())
    for group in pool.groups.values():
        group.users = {user for user in pool.users.values() if group in user.groups}
    pool.refresh_tokens.clear()
    pool.access_tokens.clear()


def _pool(account_id: str, region: str, pool_id: str) -> Any:
    from moto.cognitoidp.models import cognitoidp_backends

    return cognitoidp_backends[account_id][region].user_pools.get(pool_id)


def _copied(user: Any) -> dict[str, Any]:
    return {name: copy.copy(value) for name, value in vars(user).items()}


def _bucket(account_id: str, name: str) -> Any:
    from moto.s3.models import s3_backends

    partition, owner = s3_backends.bucket_accounts.get(name, ("", ""))
    return s3_backends[account_id][partition].buckets.get(name) if owner == account_id else None


def _state(version: Any) -> Any:
    """The state of an object, its content included; of a delete marker its attributes."""
    state = version.__getstate__() if hasattr(version, "_value_buffer") else vars(version)
    return copy.copy(state)


def _from_state(kind: Any, state: Mapping[str, Any]) -> Any:
    version = kind.__new__(kind)
    if "value" in state:
        version.__setstate__(dict(state))
    else:
        vars(version).update(state)
    return version


def _items(table: Any) -> dict[Any, Any]:
    """The items without the empty places that deletions leave."""
    if not table.has_range_key:
        return dict(table.items)
    return {key: dict(held) for key, held in table.items.items() if held}


def _stream(account_id: str, region: str, stream_name: str) -> Any:
    from moto.kinesis.models import kinesis_backends

    return kinesis_backends[account_id][region].streams.get(stream_name)
