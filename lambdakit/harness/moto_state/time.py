"""moto's view of time: the harness's clock instead of the machine's.

moto asks `time` and `datetime` by the names it imported them under. As each of its modules is loaded, these names get
stand-ins that add what the clock was advanced by; the interpreter's own `time` and `datetime` stay as they are, since
threads, sockets and signatures rely on them. What a client or a function compares with its own clock stays real: the
expiry of credentials and tokens.

Private surface used: that moto reads time by module-level names; the functions named in `_STAYS_REAL`; and of
`moto.sqs.models` the backends' `queues` with their `_messages_lock`.
Canary: tests/unit/harness/test_harness_moto_time.py.
"""

from __future__ import annotations

import datetime as real_datetime
import sys
import time as real_time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded, changes, loaded

# Module of moto -> the one name by which it reads time for something that has to stay real.
_STAYS_REAL: Final[Mapping[str, str]] = {
    "moto.cognitoidentity.models": "utcnow",  # the expiry of credentials
    "moto.cognitoidp.models": "time",  # a token's `iat` and `exp`
    "moto.redshift.models": "datetime",  # the expiry of credentials
    "moto.sts.models": "utcnow",  # the expiry of credentials
}


def follow_clock(ahead: Callable[[], timedelta]) -> None:
    """From now on every module of moto that is loaded reads time with `ahead` added, and no longer with another's.

    RuntimeError when moto is loaded already, with the real time in its names.
    """
    follower = next((change for change in changes() if isinstance(change, _Follower)), None)
    if follower is not None:
        follower.ahead = ahead
        return
    if "moto" in sys.modules:
        raise RuntimeError("moto is loaded already, and reads the real time")
    change_when_loaded(_Follower(ahead))


def wake_receivers() -> None:
    """Lets everybody who waits for messages look again: a move of the clock makes messages visible."""
    models = loaded("moto.sqs.models")
    if models is None:
        return
    for account in list(models.sqs_backends.values()):
        for backend in list(account.values()):
            for queue in list(backend.queues.values()):
                with queue._messages_lock:
                    queue._messages_lock.notify_all()


class _Follower:
    """Replaces the names by which a module reads time."""

    def __init__(self, ahead: Callable[[], timedelta]) -> None:
        self.ahead = ahead
        self._stand_ins = _stand_ins(lambda: self.ahead())

    def __call__(self, module: ModuleType) -> None:
        names = vars(module)
        stays = _STAYS_REAL.get(module.__name__)
        for name, value in list(names.items()):
            if name != stays and id(value) in self._stand_ins:
                names[name] = self._stand_ins[id(value)]
        if stays == "utcnow":
            names[stays] = _real_utcnow


def _real_utcnow() -> datetime:
    """As `moto.core.utils.utcnow`: without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def _stand_ins(ahead: Callable[[], timedelta]) -> Mapping[int, object]:
    """Identity of what moto imports -> what it gets instead."""

    def time() -> float:
        return real_time.time() + ahead().total_seconds()

    moved_datetime = _moved_datetime(ahead)
    time_module = _copy(real_time, time=time, time_ns=lambda: int(time() * 1_000_000_000))
    datetime_module = _copy(real_datetime, datetime=moved_datetime)
    return {
        id(real_time): time_module,
        id(real_time.time): time,
        id(real_datetime): datetime_module,
        id(datetime): moved_datetime,
    }


def _copy(module: ModuleType, **replaced: object) -> ModuleType:
    copy = ModuleType(module.__name__, module.__doc__)
    vars(copy).update({**vars(module), **replaced})
    return copy


def _moved_datetime(ahead: Callable[[], timedelta]) -> type[datetime]:
    """`datetime` with another idea of now. Calling it makes plain datetimes, and these are instances of it."""

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, datetime)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, datetime)

    class MovedDatetime(datetime, metaclass=Kind):
        def __new__(cls, *arguments: Any, **named: Any) -> datetime:  # type: ignore[misc] # a plain one, as said
            return datetime(*arguments, **named)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override] # a plain one
            moved = datetime.now(UTC) + ahead()
            return moved.astimezone().replace(tzinfo=None) if tz is None else moved.astimezone(tz)

        @classmethod
        def utcnow(cls) -> datetime:  # type: ignore[override] # a plain one
            return cls.now(UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> datetime:  # type: ignore[override] # a plain one
            return cls.now()

    return MovedDatetime
