"""The messages of a queue against a model that goes through all of them each time."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.moto_state.queue_messages import QueueMessages


@dataclass(eq=False)
class Message:
    """As moto keeps one."""

    id: int
    group_id: str | None = None
    visible_at: float = 0.0
    delayed_until: float = 0.0
    receipt_handle: str | None = None
    handles: list[str] = field(default_factory=list)

    @property
    def all_receipt_handles(self) -> list[str | None]:
        return [*self.handles]

    def receive(self, until: float) -> None:
        self.receipt_handle = f"{self.id}/{len(self.handles)}"
        self.handles.append(self.receipt_handle)
        self.visible_at = max(self.visible_at, until)


STEPS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from("abc"), st.integers(0, 20)),
    st.tuples(st.just("receive"), st.integers(1, 5), st.integers(0, 20)),
    st.tuples(st.just("delete"), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("hide"), st.integers(0, 30), st.integers(0, 20)),
    st.tuples(st.just("wait"), st.integers(1, 15), st.just(0)),
)


@given(st.lists(STEPS, max_size=60), st.booleans())
def test_messages_come_as_from_a_list(steps: list[tuple[Any, ...]], is_fifo: bool) -> None:
    now, held, model, sent = 100.0, QueueMessages(is_fifo=is_fifo), [], 0

    for kind, first, second in steps:
        match kind:
            case "send":
                model.append(Message(sent, group_id=first, delayed_until=now + second if second > 15 else 0.0))
                held.append(model[-1])
                sent += 1
            case "receive":
                expected = _expected(model, first, now, is_fifo=is_fifo)

                def choose(message: Message, until: float = now + second) -> bool:
                    message.receive(until)
                    return True

                assert [message.id for message in held.take(first, now, choose)] == expected
            case "delete":
                for message in [message for message in model if message.id == first]:
                    model.remove(message)
                    held.remove(message)
            case "hide":
                for message in [message for message in model if message.id == first and _is_hidden(message, now)]:
                    message.visible_at = now + second
                    held.moved(message)
            case "wait":
                now += first
        _assert_equal(held, model, now)


def test_a_copy_is_a_plain_list_of_copies() -> None:
    held = QueueMessages([Message(1), Message(2)])

    copied = copy.deepcopy(held)

    assert isinstance(copied, list)
    assert [message.id for message in copied] == [1, 2]
    assert copied[0] is not next(iter(held))


def _assert_equal(held: QueueMessages, model: list[Message], now: float) -> None:
    hidden = [message for message in model if _is_hidden(message, now)]
    assert list(held) == model
    assert len(held) == len(model)
    assert held.counts(now)[0] == len(model) - len(hidden)
    assert held.next_moment(now) == min(map(_moment, hidden), default=None)
    for message in model:
        assert all(held.by_handle(handle) is message for handle in message.handles)


def _expected(model: list[Message], count: int, now: float, *, is_fifo: bool) -> list[int]:
    """A group of a FIFO queue waits while a message of it is in flight."""
    blocked = {message.group_id for message in model if is_fifo and message.handles and _is_hidden(message, now)}
    waiting = [message for message in model if not _is_hidden(message, now) and message.group_id not in blocked]
    if not is_fifo:
        return [message.id for message in waiting][:count]
    groups = list(dict.fromkeys(message.group_id for message in waiting))
    return [message.id for group in groups for message in waiting if message.group_id == group][:count]


def _is_hidden(message: Message, now: float) -> bool:
    return _moment(message) >= now


def _moment(message: Message) -> float:
    return max(message.visible_at, message.delayed_until)
