"""Threads that wait by the harness's clock: those of moto's interpreter of state machines.

The interpreter runs each execution, branch and task in threads of its own, which sleep and wait by the machine's time.
These stand-ins for what it takes from `threading` and `time` count a thread as work under way while it runs, and as
none while it waits: for an event, for another thread, or for a time of the clock, which is then a timer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import ModuleType
from typing import Any, Final

from lambdakit.clock import Scheduler, Timer

# What the interpreter takes for "no time-out"; see `TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS`.
_FOREVER_SECONDS: Final = 99_999_999
_LABEL: Final = "a state machine waits"


class ExecutionsEnd(BaseException):
    """Ends a thread whose execution is not to go on. No `except Exception` takes it."""


class ExecutionThreads:
    """Makes the stand-ins. begin, end: open and close the piece of work that a running thread is."""

    def __init__(self, clock: Scheduler, *, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._clock = clock
        self.begin = begin
        self.end = end
        self.generation = 0
        self._waiters: set[_Waiter] = set()
        self._lock = threading.Lock()
        self.here = threading.local()
        self._announced = 0
        self._listening: list[ClockEvent] = []

    def stop(self) -> None:
        """Ends every thread that waits, and those that run as soon as they wait."""
        with self._lock:
            self.generation += 1
            waiters = list(self._waiters)
        for waiter in waiters:
            waiter.resume()

    def announce(self) -> None:
        """An execution has ended: whoever looks for the end of one looks again."""
        with self._lock:
            self._announced += 1
            listening, self._listening = self._listening, []
        for event in listening:
            event.set()

    def pause(self, seconds: float = 0) -> None:
        """Between two looks for the end of another execution: waits until one has ended since the last look."""
        del seconds
        with self._lock:
            if getattr(self.here, "announced", -1) < self._announced:
                self.here.announced = self._announced
                return
            event = ClockEvent(self)
            self._listening.append(event)
        event.wait()

    def sleep(self, seconds: float) -> None:
        """Waits for the clock."""
        ClockEvent(self).wait(seconds)

    def stand_ins(self) -> Mapping[int, object]:
        """Identity of what the interpreter imports -> what it gets instead."""
        threads = self

        class Event(ClockEvent):
            def __init__(self) -> None:
                super().__init__(threads)

        class Thread(ClockThread):
            threads_of_executions = threads

        class Condition(ClockCondition):
            def __init__(self) -> None:
                super().__init__(threads)

        module = _copy(threading, Event=Event, Thread=Thread, Condition=Condition)
        return {id(threading): module, id(threading.Event): Event, id(threading.Thread): Thread}

    def time_like(self, module: ModuleType, sleep: Callable[[float], None]) -> ModuleType:
        """`time`, whatever stands in for it already, with another `sleep` and the clock's time."""
        return _copy(module, sleep=sleep, time=lambda: self._clock.now().timestamp())

    def waiter(self, timeout: float | None) -> _Waiter:
        """Somebody who is about to wait. timeout: by the clock; None for none."""
        waiter = _Waiter(self, counted=getattr(self.here, "counted", False))
        with self._lock:
            self._waiters.add(waiter)
        if timeout is not None and timeout < _FOREVER_SECONDS:
            due = self._clock.now() + timedelta(seconds=timeout)
            waiter.timer = self._clock.schedule(due, waiter.resume, label=_LABEL)
        return waiter

    def forget(self, waiter: _Waiter) -> None:
        """It waits no more."""
        with self._lock:
            self._waiters.discard(waiter)
        if waiter.timer is not None:
            waiter.timer.cancel()


class _Waiter:
    """A thread that waits. Whoever lets it go on opens its piece of work again, before it runs."""

    def __init__(self, threads: ExecutionThreads, *, counted: bool) -> None:
        self._threads = threads
        self._counted = counted
        self._generation = threads.generation
        self._resumed = False
        self._lock = threading.Lock()
        self._go = threading.Event()
        self.timer: Timer | None = None

    def resume(self) -> None:
        """Lets the thread go on. Idempotent."""
        with self._lock:
            if self._resumed:
                return
            self._resumed = True
            if self._counted:
                self._threads.begin()
        self._go.set()

    def block(self) -> None:
        """Waits. ExecutionsEnd when the execution is not to go on."""
        if self._counted:
            self._threads.end()
        self._go.wait()
        self._threads.forget(self)
        if self._generation != self._threads.generation:
            raise ExecutionsEnd


class ClockEvent:
    """Stands in for `threading.Event`."""

    def __init__(self, threads: ExecutionThreads) -> None:
        self._threads = threads
        self._flag = False
        self._waiting: list[_Waiter] = []
        self._lock = threading.Lock()

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._flag

    def set(self) -> None:
        """Sets it, and lets everybody who waits go on."""
        with self._lock:
            self._flag = True
            waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.resume()

    def clear(self) -> None:
        """Takes it back."""
        with self._lock:
            self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it is set, once it is or the time is over."""
        with self._lock:
            if self._flag or (timeout is not None and timeout <= 0):
                return self._flag
            waiter = self._threads.waiter(timeout)
            self._waiting.append(waiter)
        waiter.block()
        with self._lock:
            self._waiting = [one for one in self._waiting if one is not waiter]
            return self._flag


class ClockThread(threading.Thread):
    """Stands in for `threading.Thread`."""

    threads_of_executions: ExecutionThreads

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._ended = ClockEvent(self.threads_of_executions)

    def start(self) -> None:
        """Begins to run, which is work under way from now on."""
        self.threads_of_executions.begin()
        super().start()

    def run(self) -> None:
        """Runs what it was made for."""
        self.threads_of_executions.here.counted = True
        try:
            super().run()
        except ExecutionsEnd:
            pass
        finally:
            self._ended.set()
            self.threads_of_executions.end()

    def join(self, timeout: float | None = None) -> None:
        """Waits for its end."""
        self._ended.wait(timeout)

    def is_alive(self) -> bool:
        """Whether it runs."""
        return super().is_alive() and not self._ended.is_set()


class ClockCondition:
    """Stands in for `threading.Condition`, without time-outs."""

    def __init__(self, threads: ExecutionThreads) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._events: list[ClockEvent] = []

    def acquire(self) -> bool:
        """Takes the lock."""
        return self._lock.acquire()

    def release(self) -> None:
        """Gives it back."""
        self._lock.release()

    def wait(self) -> None:
        """Gives the lock back until it is notified."""
        event = ClockEvent(self._threads)
        self._events.append(event)
        self._lock.release()
        try:
            event.wait()
        finally:
            self._lock.acquire()

    def notify_all(self) -> None:
        """Lets everybody who waits go on."""
        events, self._events = self._events, []
        for event in events:
            event.set()


def _copy(module: ModuleType, **replaced: object) -> ModuleType:
    copy = ModuleType(module.__name__, module.__doc__)
    vars(copy).update({**vars(module), **replaced})
    return copy


def is_time(value: object) -> bool:
    """Whether a name stands for the module `time`, or for what stands in for it."""
    return isinstance(value, ModuleType) and value.__name__ == time.__name__
