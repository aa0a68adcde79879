"""Canaries for moto's load balancers, the doors of their ports, and what a listener makes of a request."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from lambdakit.clock import HarnessClock
from lambdakit.harness.account import Account
from lambdakit.harness.activity import Activity
from lambdakit.harness.deployment.load_balancer_doors import LoadBalancerDoors
from lambdakit.harness.deployment.public_urls import FrontDoors
from lambdakit.harness.moto_state.load_balancers import (
    Action,
    BalancerListener,
    Condition,
    GroupTarget,
    HealthCheck,
    LoadBalancers,
    WeightedGroup,
    targets_host,
)
from lambdakit.harness.network.bindings import Target
from lambdakit.harness.routing.function_calls import FunctionAnswer
from lambdakit.harness.routing.load_balancer.health_checks import HealthChecks
from lambdakit.harness.routing.load_balancer.lambda_target import LambdaTarget
from lambdakit.harness.routing.load_balancer.load_balancer import ListenerDoor
from lambdakit.harness.wire import Headers, Request, Response
from lambdakit.trace import RequestAnswered, TraceLog
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.load_balancer_parts import Measurements, balancer_of, group_of, listener_of

pytestmark = pytest.mark.xdist_group("moto")

ACCOUNT = "210987654321"
REGION = "eu-west-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:fn"


@pytest.fixture(scope="module")
def elbv2() -> Any:
    return Account(account_id=ACCOUNT, region=REGION).client("elbv2")


@pytest.fixture(scope="module")
def made(elbv2: Any) -> dict[str, Any]:
    """A balancer called `Canary` with a listener on port 80, a function's group and one of addresses."""
    ec2 = Account(account_id=ACCOUNT, region=REGION).client("ec2")
    found = ec2.describe_subnets()["Subnets"][:2]
    subnets = [subnet["SubnetId"] for subnet in found]
    balancer = elbv2.create_load_balancer(Name="Canary", Subnets=subnets)["LoadBalancers"][0]
    group = elbv2.create_target_group(Name="functions", TargetType="lambda")["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": FUNCTION}])
    machines = elbv2.create_target_group(
        Name="machines", TargetType="ip", Protocol="HTTP", Port=8080, VpcId=found[0]["VpcId"]
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=machines, Targets=[{"Id": "10.0.0.9", "Port": 81}])
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    return {
        "arn": balancer["LoadBalancerArn"],
        "dns": balancer["DNSName"],
        "group": group,
        "machines": machines,
        "listener": listener,
    }


class TestMoto:
    def test_a_balancer_is_read_as_it_was_made(self, elbv2: Any, made: dict[str, Any]) -> None:
        elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=made["arn"], Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "5"}]
        )

        balancer = LoadBalancers().by_host(made["dns"].upper())

        assert balancer is not None
        assert (balancer.arn, balancer.name, balancer.region) == (made["arn"], "Canary", REGION)
        assert balancer.attributes["idle_timeout.timeout_seconds"] == "5"
        listener = balancer.listeners[80]
        assert (listener.arn, listener.port, listener.protocol) == (made["listener"], 80, "HTTP")
        assert listener.rules[-1].actions == (Action(type="forward", groups=(WeightedGroup(arn=made["group"]),)),)

    def test_rules_stand_in_their_order(self, elbv2: Any, made: dict[str, Any]) -> None:
        forward = {
            "Type": "forward",
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": made["group"], "Weight": 0},
                    {"TargetGroupArn": made["machines"]},
                ],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 9},
            },
        }
        header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-A", "Values": ["a"]}}
        pairs = [{"Key": "v", "Value": "1"}, {"Value": "x"}]
        query = {"Field": "query-string", "QueryStringConfig": {"Values": pairs}}
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}
        for priority, action, condition in ((9, forward, header), (2, fixed, query)):
            elbv2.create_rule(ListenerArn=made["listener"], Priority=priority, Conditions=[condition], Actions=[action])

        found = LoadBalancers().of_listener(made["listener"])

        assert found is not None
        first, second, _ = found[1].rules
        assert (first.priority, second.priority) == (2, 9)
        assert first.conditions == (Condition(field="query-string", pairs=(("v", "1"), ("", "x"))),)
        assert first.actions == (Action(type="fixed-response", settings={"StatusCode": "204"}),)
        assert second.conditions == (Condition(field="http-header", header="X-A", values=("a",)),)
        groups = (WeightedGroup(arn=made["group"], weight=0), WeightedGroup(arn=made["machines"]))
        assert second.actions == (Action(type="forward", groups=groups, sticky_seconds=9),)

    def test_conditions_may_be_expressions(self, elbv2: Any, made: dict[str, Any]) -> None:
        balancers = LoadBalancers()
        path = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/v[0-9]+/"]}}
        host = {"Field": "host-header", "RegexValues": ["^a[.]"]}
        header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "RegexValues": ["a|b"]}}
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}

        rule = elbv2.create_rule(
            ListenerArn=made["listener"], Priority=77, Conditions=[path, host, header], Actions=[fixed]
        )["Rules"][0]
        found = balancers.of_listener(made["listener"])

        assert rule["Conditions"] == [path, host, header]
        assert found is not None
        conditions = next(each.conditions for each in found[1].rules if each.priority == 77)
        assert [condition.regexes for condition in conditions] == [("^/v[0-9]+/",), ("^a[.]",), ("a|b",)]

    def test_groups_are_read_with_their_targets(self, elbv2: Any, made: dict[str, Any]) -> None:
        balancers = LoadBalancers()
        before = balancers.group(made["group"])
        elbv2.modify_target_group(
            TargetGroupArn=made["group"],
            HealthCheckEnabled=True,
            HealthCheckPath="/well",
            HealthCheckIntervalSeconds=40,
            HealthyThresholdCount=4,
            UnhealthyThresholdCount=3,
        )
        elbv2.modify_target_group_attributes(
            TargetGroupArn=made["group"],
            Attributes=[{"Key": "lambda.multi_value_headers.enabled", "Value": "true"}],
        )

        after = balancers.group(made["group"])
        balancer = balancers.by_arn(made["arn"])

        assert before is not None and after is not None and balancer is not None
        assert (before.target_type, before.multi_value_headers, before.health_check) == ("lambda", False, None)
        assert before.targets == (GroupTarget(id=FUNCTION),)
        assert after.multi_value_headers
        assert after.health_check == HealthCheck(
            path="/well",
            interval_seconds=40,
            timeout_seconds=30,
            healthy_threshold=4,
            unhealthy_threshold=3,
            codes="200",
        )
        assert balancer.groups[made["machines"]].targets == (GroupTarget(id="10.0.0.9", port=81),)

    def test_what_is_not_there_is_not_found(self, made: dict[str, Any]) -> None:
        balancers = LoadBalancers()

        assert balancers.by_arn("arn") is None
        assert balancers.by_host("x-1.eu-west-1.elb.amazonaws.com") is None
        assert balancers.of_listener("arn") is None
        assert balancers.group("arn") is None


class TestDoors:
    @pytest.fixture
    def doors(self) -> Iterator[FrontDoors]:
        doors = FrontDoors()
        clock = HarnessClock()
        trace = TraceLog(clock)
        target = LambdaTarget(_no_call)
        balancers = LoadBalancers()
        checks = HealthChecks(
            group=balancers.group,
            ask=target.health,
            clock=clock,
            activity=Activity(),
            submit=lambda job: job(),
            trace=trace,
        )

        def make(port: int, balancer: Any) -> ListenerDoor:
            return _door(balancer, port=port, trace=trace, clock=clock)

        self.balancers = LoadBalancerDoors(doors, balancers, make, checks=checks)
        yield doors
        doors.close()
        clock.close()

    def test_urls_with_a_balancer_s_name_are_replaced(self, doors: FrontDoors, made: dict[str, Any]) -> None:
        dns = made["dns"]
        texts = [
            *(f"http://{dns}", f"http://{dns}:80/a?b=http://{dns}/", f"http://{dns}:8080", f"https://{dns}/a"),
            *(f"http://{dns.lower()}", dns, f"http://{dns}.org", f"http://x{dns}", f"http://{dns}-1", f"ftp://{dns}"),
        ]

        found = [doors.localize(text) for text in texts]

        begin = made["arn"].partition(":loadbalancer/")[2]
        url = {port: doors.url(f"{begin}/{port}") for port in (80, 8080, 443)}
        assert found[:5] == [url[80], f"{url[80]}/a?b={url[80]}/", url[8080], f"{url[443]}/a", url[80]]
        assert found[5:] == texts[5:]

    def test_a_name_alone_is_replaced_in_outputs_that_nobody_imports(
        self, doors: FrontDoors, made: dict[str, Any]
    ) -> None:
        dns = made["dns"]

        own = str(doors.localize_output(dns, is_exported=False))

        assert doors.localize(f"http://{dns}") == f"http://{own}"
        assert doors.localize_output(dns, is_exported=True) == dns
        assert doors.localize_output("x.eu-west-1.elb.amazonaws.com", is_exported=False) == (
            "x.eu-west-1.elb.amazonaws.com"
        )

    def test_a_listener_is_known_by_its_arn_and_so_is_its_balancer(
        self, doors: FrontDoors, made: dict[str, Any]
    ) -> None:
        self.balancers.listen(made["listener"])

        address = doors.address(made["listener"])
        assert address is not None
        assert doors.address(made["arn"]) == address
        target = Target(name="Canary", host="127.0.0.1", port=int(address[1].rpartition(":")[2]))
        assert self.balancers.addresses()[made["dns"].lower()] == {80: target}
        assert doors.handler_of_host(f"{made['dns']}:80") is not None

        self.balancers.end(made["listener"], made["arn"])
        self.balancers.forget(made["arn"])

        assert doors.address(made["listener"]) is None
        assert doors.ids() == []


class TestListener:
    def _send(
        self,
        listener: BalancerListener,
        *,
        groups: Sequence[Any] = (),
        bound: Mapping[str, Mapping[int, Target]] | None = None,
        headers: Sequence[tuple[str, str]] = (),
        attributes: Mapping[str, str] | None = None,
    ) -> tuple[Response, str]:
        """The answer, and what the trace says of it."""
        balancer = balancer_of(listener, groups=tuple(groups), attributes=attributes)
        clock = HarnessClock()
        trace = TraceLog(clock)
        door = _door(lambda: balancer, port=listener.port, trace=trace, clock=clock, bound=bound)
        response = door.serve(Request(method="GET", target="/a", headers=Headers(headers)))
        answered = trace.events()[-1]
        assert isinstance(answered, RequestAnswered)
        return response, answered.problem

    @pytest.mark.parametrize("kind", ["jwt-validation", "moon-phase"])
    def test_an_action_that_is_not_served_is_told(self, kind: str) -> None:
        response, problem = self._send(listener_of(Action(type=kind)))

        assert (response.status, problem) == (503, f"the action {kind} is not served here")

    def test_a_port_without_a_listener_says_so(self) -> None:
        clock = HarnessClock()
        trace = TraceLog(clock)

        for balancer in (None, balancer_of()):
            door = _door(lambda found=balancer: found, port=81, trace=trace, clock=clock)
            assert door.serve(Request(method="GET", target="/", headers=Headers(()))).status == 503

        problems = [event.problem for event in trace.events() if isinstance(event, RequestAnswered)]
        assert problems == ["the load balancer has no listener on port 81"] * 2

    def test_a_group_that_is_gone_or_empty_is_no_service(self) -> None:
        action = Action(type="forward", groups=(WeightedGroup(arn=group_of().arn),))
        empty = group_of("shop", target_type="instance")

        gone = self._send(listener_of(action))
        nobody = self._send(listener_of(action), groups=[_without_targets(empty)])

        assert (gone[0].status, nobody[0].status) == (503, 503)
        assert "there is no target group" in gone[1]
        assert "has no registered targets" in nobody[1]

    @pytest.mark.parametrize("by", ["group", "address", "any port"])
    def test_a_bound_server_answers_for_addresses(self, by: str) -> None:
        group = group_of("shop", "10.0.0.9:81", target_type="ip")
        action = Action(type="forward", groups=(WeightedGroup(arn=group.arn),))
        with HttpReceiver((200, b"bound")) as receiver:
            target = Target(name="x", host="127.0.0.1", port=int(receiver.url.rpartition(":")[2]))
            places = {
                "group": {targets_host(group.arn): {80: target}},
                "address": {"10.0.0.9": {81: target}},
                "any port": {"10.0.0.9": {9: target}},
            }

            response, problem = self._send(listener_of(action), groups=[group], bound=places[by])

        assert (response.status, response.body, problem) == (200, b"bound", "")
        assert receiver.received[0].headers["host"] == "Shop-1.us-east-1.elb.amazonaws.com"

    @pytest.mark.parametrize(
        ("attributes", "expected"),
        [
            ({}, {"Server": "awselb/2.0"}),
            ({"routing.http.response.server.enabled": "false"}, {}),
            (
                {"routing.http.response.x_frame_options.header_value": "DENY"},
                {"Server": "awselb/2.0", "x-frame-options": "DENY"},
            ),
        ],
    )
    def test_a_listener_sets_its_headers(self, attributes: dict[str, str], expected: dict[str, str]) -> None:
        fixed = Action(type="fixed-response", settings={"StatusCode": "204"})

        response, _ = self._send(listener_of(fixed, attributes=attributes))

        headers = dict(response.headers)
        assert headers.pop("Date")
        assert headers.pop("Content-Type")
        assert headers == expected

    @pytest.mark.parametrize(
        ("host", "location"),
        [
            ("", "https://Shop-1.us-east-1.elb.amazonaws.com:443/a"),
            ("127.0.0.1:1234", "https://Shop-1.us-east-1.elb.amazonaws.com:443/a"),
            ("localhost", "https://Shop-1.us-east-1.elb.amazonaws.com:443/a"),
            ("shop.example.com:8080", "https://shop.example.com:443/a"),
        ],
    )
    def test_a_client_by_loopback_asks_for_the_balancer_s_name(self, host: str, location: str) -> None:
        settings = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        listener = listener_of(Action(type="redirect", settings=settings), port=8080)

        response, _ = self._send(listener, headers=[("Host", host)])

        assert dict(response.headers)["Location"] == location

    def test_who_may_pass_without_signing_in_passes(self) -> None:
        allow = Action(type="authenticate-oidc", settings={"OnUnauthenticatedRequest": "allow"})
        fixed = Action(type="fixed-response", settings={"StatusCode": "204"})

        response, problem = self._send(listener_of(allow, fixed))

        assert response.status == 204
        assert "nobody can sign in here" in problem


def _door(
    balancer: Any,
    *,
    port: int,
    trace: TraceLog,
    clock: HarnessClock,
    bound: Mapping[str, Mapping[int, Target]] | None = None,
) -> ListenerDoor:
    return ListenerDoor(
        port=port,
        balancer=balancer,
        functions=LambdaTarget(_no_call),
        bound=lambda: bound or {},
        metrics=Measurements(),
        localize=lambda url: url,
        trace=trace,
        clock=clock,
    )


def _no_call(function: str, payload: bytes, **_: object) -> FunctionAnswer:
    raise AssertionError("no function is to be called")


def _without_targets(group: Any) -> Any:
    return dataclasses.replace(group, targets=())
