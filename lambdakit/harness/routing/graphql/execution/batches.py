"""Calls of a field for many parents, put into few: those that come in one turn of the loop.

Source: AppSync Developer Guide, "Using AWS Lambda resolvers in AWS AppSync" (advanced use case: batching, and its
maximum size); AWS Front-End Web & Mobile Blog, "Introducing configurable batching size for AWS AppSync Lambda
resolvers" (five where nothing is said, at most 2,000).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Final

DEFAULT_BATCH_MAX: Final = 5

# Calls once for many payloads; an item for each comes back, an exception for one that failed.
Send = Callable[[list[Any]], Awaitable[Sequence[Any]]]


class Batches:
    """The calls of one request that wait to be put together."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def call(self, key: Hashable, payload: Any, *, most: int, send: Send) -> Any:
        """What came of a payload, which goes with others of the same key, at most `most` at once."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = []
            loop.call_soon(self._send, key, most, send)  # behind all that is ready now, which is the field's siblings
        waiting.append((payload, future))
        return await future

    def _send(self, key: Hashable, most: int, send: Send) -> None:
        waiting = self._waiting.pop(key)
        for first in range(0, len(waiting), most):
            task = asyncio.ensure_future(_settle(waiting[first : first + most], send))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)


async def _settle(calls: Sequence[tuple[Any, asyncio.Future[Any]]], send: Send) -> None:
    try:
        results = await send([payload for payload, _ in calls])
    except Exception as error:  # whoever waits for an item raises it
        results = [error] * len(calls)
    for (_, future), result in zip(calls, results, strict=True):
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
