"""The header fields that a load balancer adds, and its health checks of functions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.clock import HarnessClock
from lambdakit.harness.activity import Activity
from lambdakit.harness.moto_state.load_balancers import Action, HealthCheck, TargetGroup, WeightedGroup
from lambdakit.harness.routing.function_calls import FunctionAnswer
from lambdakit.harness.routing.load_balancer.forwarded_fields import check_forwarded_for, passed_fields, trace_id
from lambdakit.harness.routing.load_balancer.health_checks import HealthChecks
from lambdakit.harness.routing.load_balancer.lambda_target import LambdaTarget
from lambdakit.harness.routing.load_balancer.load_balancer import ListenerDoor
from lambdakit.harness.routing.load_balancer.measurements import Measured, measure
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused
from lambdakit.harness.wire import Headers, Request
from lambdakit.trace import TargetHealthChanged, TraceLog
from tests.fakes.load_balancer_parts import FUNCTION, Measurements, balancer_of, group_of, listener_of

AT = datetime(2019, 1, 8, 18, 16, 4, tzinfo=UTC)


def _request(headers: Sequence[tuple[str, str]] = ()) -> Request:
    return Request(method="GET", target="/", headers=Headers(headers), peer=("25.12.198.67", 40_000))


class TestForwardedFields:
    def _fields(self, headers: Sequence[tuple[str, str]] = (), **attributes: str) -> dict[str, list[str]]:
        named = {f"routing.http.{name.replace('__', '.')}": value for name, value in attributes.items()}
        found: dict[str, list[str]] = {}
        fields = passed_fields(_request(headers=headers), listener_of(port=8080), named, host="h:8080", at=AT)
        for name, value in fields:
            found.setdefault(name, []).append(value)
        return found

    def test_the_balancer_s_own_take_the_place_of_the_client_s(self) -> None:
        fields = self._fields([("Host", "x"), ("X-Forwarded-Port", "1"), ("X-FORWARDED-PROTO", "https"), ("A", "b")])

        assert re.fullmatch(r"Root=1-5c34e8e4-[0-9a-f]{24}", fields.pop("x-amzn-trace-id")[0])
        assert fields == {
            "a": ["b"],
            "host": ["h:8080"],
            "x-forwarded-for": ["25.12.198.67"],
            "x-forwarded-port": ["8080"],
            "x-forwarded-proto": ["http"],
        }

    @pytest.mark.parametrize(
        ("attributes", "values"),
        [
            ({}, ["1.1.1.1, 2.2.2.2, 25.12.198.67"]),
            ({"xff_header_processing__mode": "append"}, ["1.1.1.1, 2.2.2.2, 25.12.198.67"]),
            ({"xff_header_processing__mode": "preserve"}, ["1.1.1.1", "2.2.2.2"]),
            ({"xff_header_processing__mode": "remove"}, None),
            ({"xff_client_port__enabled": "true"}, ["1.1.1.1, 2.2.2.2, 25.12.198.67:40000"]),
        ],
    )
    def test_addresses_are_kept_as_the_balancer_says(
        self, attributes: dict[str, str], values: list[str] | None
    ) -> None:
        fields = self._fields([("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")], **attributes)

        assert fields.get("x-forwarded-for") == values

    def test_odd_names_may_be_dropped(self) -> None:
        headers = [("a_b", "1"), ("c-d", "2")]

        assert "a_b" in self._fields(headers)
        assert "a_b" not in self._fields(headers, drop_invalid_header_fields__enabled="true")

    @pytest.mark.parametrize(
        ("given", "pattern"),
        [
            ("", r"Root=1-5c34e8e4-[0-9a-f]{24}"),
            ("Root=1-a-b", r"Self=1-5c34e8e4-[0-9a-f]{24};Root=1-a-b"),
            ("Self=1-c-d;Root=1-a-b;CalledFrom=app", r"Self=1-5c34e8e4-[0-9a-f]{24};Root=1-a-b;CalledFrom=app"),
            ("CalledFrom=app", r"Root=1-5c34e8e4-[0-9a-f]{24};CalledFrom=app"),
        ],
    )
    def test_traces_keep_their_root(self, given: str, pattern: str) -> None:
        assert re.fullmatch(pattern, trace_id(given, AT))

    @pytest.mark.parametrize(("count", "is_refused"), [(30, False), (31, True)])
    def test_thirty_addresses_are_the_most(self, count: int, is_refused: bool) -> None:
        request = _request(headers=[("X-Forwarded-For", "1.1.1.1,2.2.2.2")] + [("x-forwarded-for", "3")] * (count - 2))

        if not is_refused:
            check_forwarded_for(request)
            return
        with pytest.raises(BalancerRefused) as refused:
            check_forwarded_for(request)
        assert refused.value.response.status == 463


class TestHealthChecks:
    """A clock that only moves when it is told to: nothing is due for a day."""

    CHECK = HealthCheck(
        path="/well",
        interval_seconds=86_400,
        timeout_seconds=5,
        healthy_threshold=3,
        unhealthy_threshold=2,
        codes="200,300-302",
    )

    @pytest.mark.parametrize(
        ("statuses", "states"),
        [
            ([200], ["healthy"]),
            ([500, 500], ["unhealthy"]),
            ([500, 200], ["healthy"]),
            ([302, 303, 299, 200, 200, 200], ["healthy", "unhealthy", "healthy"]),
            ([200, 500, 200, 500, 200], ["healthy"]),
        ],
    )
    def test_as_many_in_a_row_as_the_group_says_change_the_state(self, statuses: list[int], states: list[str]) -> None:
        group = group_of(health_check=self.CHECK)
        left, clock = list(statuses), HarnessClock()
        trace = TraceLog(clock)
        checks = self._checks(lambda: group, lambda: left.pop(0), trace, clock)

        checks.follow(group.arn)
        clock.advance(timedelta(days=len(statuses), seconds=1))
        clock.close()

        changes = [event for event in trace.events() if isinstance(event, TargetHealthChanged)]
        assert [event.state for event in changes] == states
        assert {event.target for event in changes} == {FUNCTION}
        assert checks.state(group.arn) == states[-1]

    def test_a_group_that_has_none_or_goes_is_not_asked(self) -> None:
        groups: list[TargetGroup | None] = [group_of()]
        asked: list[int] = []
        clock = HarnessClock()

        def ask() -> int:
            asked.append(1)
            return 200

        checks = self._checks(lambda: groups[0], ask, TraceLog(clock), clock)

        checks.follow(group_of().arn)
        clock.advance(timedelta(days=2))
        groups[0] = group_of(health_check=self.CHECK)
        checks.follow(group_of().arn)
        checks.follow(group_of().arn)
        clock.advance(timedelta(days=1, seconds=1))
        groups[0] = None
        clock.advance(timedelta(days=3))
        clock.close()

        assert asked == [1]
        assert checks.state(group_of().arn) == "unavailable"

    def _checks(
        self, group: Callable[[], TargetGroup | None], ask: Callable[[], int], trace: TraceLog, clock: HarnessClock
    ) -> HealthChecks:
        return HealthChecks(
            group=lambda arn: group(),
            ask=lambda group, path: ask(),
            clock=clock,
            activity=Activity(),
            submit=lambda job: job(),
            trace=trace,
        )


@pytest.mark.parametrize(
    ("status", "action", "has_group", "seconds", "problem", "metrics"),
    [
        (200, "forward", True, 0.5, "", {"RequestCount", "HTTPCode_Target_2XX_Count", "TargetResponseTime"}),
        (503, "forward", True, 0.5, "", {"RequestCount", "HTTPCode_Target_5XX_Count", "TargetResponseTime"}),
        (
            502,
            "forward",
            True,
            None,
            "LambdaUnhandled: the function failed",
            {"RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_502_Count", "LambdaUserError"},
        ),
        (
            502,
            "forward",
            True,
            None,
            "LambdaServiceException: why",
            {"RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_502_Count", "LambdaInternalError"},
        ),
        (503, "forward", True, None, "nobody", {"HTTPCode_ELB_5XX_Count", "HTTPCode_ELB_503_Count"}),
        (301, "redirect", False, None, "", {"HTTP_Redirect_Count", "HTTPCode_ELB_3XX_Count"}),
        (200, "fixed-response", False, None, "", {"HTTP_Fixed_Response_Count"}),
        (463, "", False, None, "too many", {"HTTPCode_ELB_4XX_Count"}),
    ],
)
def test_what_is_measured_of_a_request(
    status: int, action: str, has_group: bool, seconds: float | None, problem: str, metrics: set[str]
) -> None:
    store = Measurements()
    measured = Measured(
        status=status,
        action=action,
        group_arn=group_of().arn if has_group else "",
        target_seconds=seconds,
        problem=problem,
    )

    measure(store, balancer_of(), measured, AT)

    ((dimensions, values),) = store.taken
    group = {"TargetGroup": "targetgroup/shop/0123456789abcdef"} if has_group else {}
    assert dimensions == {"LoadBalancer": "app/shop/1", **group}
    assert set(values) == metrics
    assert all(number == 1 for name, number in values.items() if name != "TargetResponseTime")


_NAMES = st.sampled_from(
    ["Host", "Cookie", "X-Forwarded-For", "X-Amzn-Trace-Id", "Content-Type", "Upgrade", "a_b", "X"]
)
_VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)


@given(
    method=st.sampled_from(["GET", "POST", "TRACE", "get", "M-SEARCH"]),
    target=st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=40),
    headers=st.lists(st.tuples(_NAMES, _VALUES), max_size=6),
    body=st.binary(max_size=40),
    result=st.one_of(st.binary(max_size=40), st.just(b'{"statusCode":200,"body":"x"}')),
    multiple=st.booleans(),
)
def test_whatever_is_asked_is_answered(
    method: str, target: str, headers: list[tuple[str, str]], body: bytes, result: bytes, multiple: bool
) -> None:
    group = group_of(multi_value_headers=multiple)
    groups = (WeightedGroup(arn=group.arn), WeightedGroup(arn=group.arn, weight=0))
    listener = listener_of(Action(type="forward", groups=groups, sticky_seconds=5))
    balancer, clock = balancer_of(listener, groups=(group,)), HarnessClock()

    def call(function: str, payload: bytes, **_: object) -> FunctionAnswer:
        json.loads(payload)
        return FunctionAnswer(payload=result, failed=False)

    door = ListenerDoor(
        port=80,
        balancer=lambda: balancer,
        functions=LambdaTarget(call),
        bound=dict,
        metrics=Measurements(),
        localize=lambda url: url,
        trace=TraceLog(clock),
        clock=clock,
    )

    response = door.serve(Request(method=method, target=target, headers=Headers(headers), body=body))

    assert response.status in (200, 400, 405, 502)
