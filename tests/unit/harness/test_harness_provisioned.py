"""Environments that are initialized ahead: how many, of which version, and what becomes of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lambdakit.harness.activity import Activity
from lambdakit.harness.invocation.environment_pool import EnvironmentPool
from lambdakit.harness.invocation.invoke import Event
from lambdakit.harness.invocation.provisioned import ProvisionedEnvironments, Wanted
from lambdakit.harness.runtime.execution_environment import ExecutionEnvironment
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.trace import EnvironmentStarted, InvocationStarted, ProvisionedConcurrencyChanged
from tests.fakes.function_host import FunctionHost, json_of
from tests.fakes.waiting import wait_until

SOURCE = """
import os

def handler(event, context):
    if event == "exit":
        os._exit(3)
    return os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]
"""


class Provisioning:
    """Provisioned environments of a host's functions. wanted: what is asked for, to be changed at will."""

    def __init__(self, host: FunctionHost) -> None:
        self.host = host
        self.wanted: Sequence[Wanted] = ()
        self.allocated: dict[str, int] = {}
        self.reports: list[tuple[str, int, str]] = []
        self.activity = Activity()
        self.environments = ProvisionedEnvironments(
            pool=host.pool,
            wanted=lambda arn: self.wanted,
            initialize=host.invoker.initialize_ahead,
            allocate=self._allocate,
            report=self._report,
            activity=self.activity,
            trace=host.trace,
        )

    def ask(self, arn: str, *wanted: Wanted) -> None:
        """Changes what is asked for, and waits until it is there or has failed."""
        self.wanted = wanted
        self.environments.reconcile(arn)
        self.rest()

    def rest(self) -> None:
        """Waits until nothing is started or ended any more."""
        assert self.activity.wait_until_idle(20), self.activity.still_open()

    def invoke(self, function: FunctionConfiguration, qualifier: str, event: bytes = b"1") -> Any:
        """The answer of an invocation, in a provisioned environment where there is one."""
        owner, taken = self.environments.take(function, qualifier)
        assert owner
        return json_of(self.host.invoker.invoke(function, Event(payload=event, qualifier=qualifier), taken=taken))

    def versions(self, arn: str) -> Counter[str]:
        """How many environments of each version there are."""
        found = Counter[str]()
        for (version, _, _), count in self.host.pool.provisioned(arn).items():
            found[version] += count
        return found

    def told(self) -> list[str]:
        """Each status that the trace told."""
        events = self.host.trace.events()
        return [event.status for event in events if isinstance(event, ProvisionedConcurrencyChanged)]

    def _allocate(self, arn: str, place: str, count: int) -> None:
        assert place == "123456789012/us-east-1"
        self.allocated[arn] = count

    def _report(self, arn: str, qualifier: str, *, allocated: int, available: int, status: str, reason: str) -> None:
        del arn, qualifier, allocated
        self.reports.append((status, available, reason))


@pytest.fixture
def provisioning(host: FunctionHost) -> Iterator[Provisioning]:
    provisioning = Provisioning(host)
    yield provisioning
    provisioning.environments.stop()
    provisioning.environments.join()


def wanted(requested: int, *shares: tuple[FunctionConfiguration, float], qualifier: str = "live") -> Wanted:
    return Wanted(qualifier=qualifier, requested=requested, shares=shares)


@pytest.fixture
def function(host: FunctionHost) -> FunctionConfiguration:
    return host.function(SOURCE, version="1")


class TestAllocating:
    def test_as_many_as_asked_for(self, provisioning: Provisioning, function: FunctionConfiguration) -> None:
        provisioning.ask(function.arn, wanted(3, (function, 1.0)))

        assert provisioning.versions(function.arn) == {"1": 3}
        assert provisioning.reports[-1] == ("READY", 3, "")
        assert provisioning.allocated == {function.arn: 3}
        assert provisioning.told() == ["IN_PROGRESS", "READY"]

    def test_more_and_fewer(self, provisioning: Provisioning, function: FunctionConfiguration) -> None:
        for count in (1, 4, 2):
            provisioning.ask(function.arn, wanted(count, (function, 1.0)))

            assert provisioning.versions(function.arn) == {"1": count}
            assert provisioning.reports[-1] == ("READY", count, "")

    def test_none_any_more(self, provisioning: Provisioning, function: FunctionConfiguration) -> None:
        provisioning.ask(function.arn, wanted(2, (function, 1.0)))

        provisioning.ask(function.arn)

        assert provisioning.versions(function.arn) == {}
        assert provisioning.allocated == {function.arn: 0}
        assert provisioning.told()[-1] == "DELETED"
        assert provisioning.environments.take(function, "live") == ("", None)

    # API ProvisionedConcurrencyConfigListItem: a weighted alias has environments of both its versions.
    @pytest.mark.parametrize(("weight", "expected"), [(0.25, {"1": 3, "2": 1}), (1.0, {"2": 4}), (0.0, {"1": 4})])
    def test_versions_of_a_weighted_alias_share_them(
        self, provisioning: Provisioning, function: FunctionConfiguration, weight: float, expected: dict[str, int]
    ) -> None:
        second = dataclasses.replace(function, version="2")

        provisioning.ask(function.arn, wanted(4, (function, 1 - weight), (second, weight)))

        assert provisioning.versions(function.arn) == expected

    def test_an_alias_that_moves_takes_them_along(
        self, provisioning: Provisioning, function: FunctionConfiguration
    ) -> None:
        provisioning.ask(function.arn, wanted(2, (function, 1.0)))

        provisioning.ask(function.arn, wanted(2, (dataclasses.replace(function, version="2"), 1.0)))

        assert provisioning.versions(function.arn) == {"2": 2}
        assert [event.reason for event in provisioning.host.stopped()] == ["updated", "updated"]

    def test_what_fails_to_start_is_not_tried_for_ever(self, provisioning: Provisioning, host: FunctionHost) -> None:
        bad = host.function("raise LookupError('at import')", name="bad", version="1")

        provisioning.ask(bad.arn, wanted(3, (bad, 1.0)))
        starts = sum(isinstance(event, EnvironmentStarted) for event in host.trace.events())

        assert 1 <= starts <= 3
        assert provisioning.reports[-1] == ("FAILED", 0, "FUNCTION_ERROR_INIT_FAILURE")
        assert provisioning.told() == ["IN_PROGRESS", "FAILED"]

    def test_a_function_that_nobody_asks_for_costs_nothing(
        self, provisioning: Provisioning, function: FunctionConfiguration
    ) -> None:
        provisioning.ask(function.arn)

        assert provisioning.told() == []
        assert provisioning.environments.take(function, "live") == ("", None)


class TestUsing:
    def test_it_is_frozen_while_it_waits_for_its_first_event(
        self, provisioning: Provisioning, host: FunctionHost
    ) -> None:
        if not host.shares_pids:
            pytest.skip("the process cannot be named from out here")
        source = """
        import os

        print("pid", os.getpid(), flush=True)

        def handler(event, context):
            return "awake"
        """
        function = host.function(source, name="cold", version="1")

        provisioning.ask(function.arn, wanted(1, (function, 1.0)))

        (pid,) = [line.split()[1] for _, line in host.logs.written if line.startswith("pid ")]
        stat = Path(f"/proc/{pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(") ")[2][0] == "T", stat.read_text)
        assert provisioning.invoke(function, "live") == "awake"

    def test_the_init_phase_is_over_and_told_in_the_log(
        self, provisioning: Provisioning, function: FunctionConfiguration, host: FunctionHost
    ) -> None:
        provisioning.ask(function.arn, wanted(1, (function, 1.0)))
        lines = [line for _, line in host.logs.written]

        answer = provisioning.invoke(function, "live")

        assert answer == "provisioned-concurrency"
        assert lines[0].startswith("INIT_START ")
        assert lines[-1].startswith("INIT_REPORT Init Duration: ")
        assert lines[-1].endswith("Status: success")
        assert [event.cold_start for event in host.trace.events() if isinstance(event, InvocationStarted)] == [False]

    def test_a_versions_environments_serve_its_aliases_and_nobody_elses(
        self, provisioning: Provisioning, function: FunctionConfiguration
    ) -> None:
        provisioning.ask(function.arn, wanted(1, (function, 1.0), qualifier="1"))

        by_alias = provisioning.invoke(function, "any-alias")
        other = provisioning.environments.take(dataclasses.replace(function, version="2"), "2")

        assert by_alias == "provisioned-concurrency"
        assert other == ("", None)

    def test_when_all_are_busy_there_is_none(
        self, provisioning: Provisioning, function: FunctionConfiguration, host: FunctionHost
    ) -> None:
        provisioning.ask(function.arn, wanted(1, (function, 1.0)))

        _, taken = provisioning.environments.take(function, "live")
        none = provisioning.environments.take(function, "live")
        with host.pool.lease(function, taken):
            pass
        _, again = provisioning.environments.take(function, "live")
        with host.pool.lease(function, again):
            pass

        assert none == ("live", None)
        assert again is taken

    def test_one_that_crashed_is_replaced_before_the_next_event(
        self, provisioning: Provisioning, function: FunctionConfiguration, host: FunctionHost
    ) -> None:
        provisioning.ask(function.arn, wanted(1, (function, 1.0)))

        provisioning.invoke(function, "live", b'"exit"')
        provisioning.rest()

        assert provisioning.versions(function.arn) == {"1": 1}
        assert provisioning.reports[-1] == ("READY", 1, "")
        assert provisioning.invoke(function, "live") == "provisioned-concurrency"
        assert len(host.stopped()) == 1
        assert host.resets() == []

    def test_a_busy_one_that_is_too_much_ends_when_it_is_free(
        self, provisioning: Provisioning, function: FunctionConfiguration, host: FunctionHost
    ) -> None:
        provisioning.ask(function.arn, wanted(1, (function, 1.0)))

        with host.pool.lease(function, _taken(host.pool, function)):
            provisioning.ask(function.arn)
            before = list(host.stopped())

        assert before == []
        assert [event.reason for event in host.stopped()] == ["updated"]
        assert host.pool.provisioned(function.arn) == {}

    def test_ending_all_of_a_function_and_asking_again_makes_them_anew(
        self, provisioning: Provisioning, function: FunctionConfiguration, host: FunctionHost
    ) -> None:
        provisioning.ask(function.arn, wanted(2, (function, 1.0)))

        with host.pool.lease(function, _taken(host.pool, function)):
            host.pool.retire(function.arn, reason="updated")
            provisioning.environments.reconcile(function.arn)
            provisioning.rest()
            during = provisioning.versions(function.arn)

        provisioning.rest()
        assert during == {"1": 2}
        assert provisioning.versions(function.arn) == {"1": 2}


def _taken(pool: EnvironmentPool, function: FunctionConfiguration) -> ExecutionEnvironment:
    taken = pool.take_provisioned(function, "live")
    assert taken is not None
    return taken
