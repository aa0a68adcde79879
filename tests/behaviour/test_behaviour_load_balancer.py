"""A load balancer in front of functions, asked over real sockets: one deployment for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.balanced_shop import balanced_shop
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.load_balancers import dns_url, paths
from tests.fakes.plain_assembly import write_stack
from tests.fakes.wired_harness import Answer, WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-load-balancer")


class Balancer:
    """A deployed balancer. urls: by scheme and port."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.outputs: dict[str, str] = deployment["stacks"]["balanced"]["outputs"]
        self.dns_name: str = self.outputs["Exported"]
        self.web, self.admin, self.tls = (urlsplit(self.outputs[name]).port or 0 for name in ("Web", "Admin", "Tls"))

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        port: int | None = None,
    ) -> Answer:
        return request(self.web if port is None else port, method, path, headers, body)

    def result(self, value: object) -> Answer:
        """What comes of a function's result."""
        headers = {"Content-Type": "application/json"}
        return self.send("/result", method="POST", headers=headers, body=json.dumps(value).encode())

    def problem(self) -> str:
        """What the trace says of the last answer."""
        answered: dict[str, Any] = self.harness.events("RequestAnswered")[-1]
        assert answered["door"] == "load_balancer"
        return str(answered["problem"])


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture(scope="module")
def shop(harness: WiredHarness, tmp_path_factory: pytest.TempPathFactory) -> Balancer:
    outputs = {
        "Web": dns_url("http"),
        "Admin": dns_url("http", port=":8080"),
        "Tls": dns_url("https", "/a"),
        "Other": {"Fn::Join": ["", ["http://x", {"Fn::GetAtt": ["Shop", "DNSName"]}]]},
        "Name": {"Fn::GetAtt": ["Shop", "DNSName"]},
        "Exported": {"Fn::GetAtt": ["Shop", "LoadBalancerArn"]},
    }
    path = write_stack(tmp_path_factory.mktemp("assembly"), "balanced", balanced_shop(), **outputs)
    deployment = harness.deploy(path)
    return Balancer(harness, deployment)  # the last test destroys it


class TestAddresses:
    def test_urls_made_of_the_dns_name_lead_to_the_ports_of_the_balancer(self, shop: Balancer) -> None:
        name = shop.dns_name.partition("/app/")[2].partition("/")[0]

        assert len({shop.web, shop.admin, shop.tls}) == 3
        assert shop.outputs["Tls"] == f"http://127.0.0.1:{shop.tls}/a"
        assert shop.outputs["Other"] == f"http://x{name}-1.us-east-1.elb.amazonaws.com"
        assert shop.outputs["Name"] == f"127.0.0.1:{shop.tls}"
        assert shop.send("/x").json()["url"] == f"http://127.0.0.1:{shop.web}/self"

    def test_the_balancer_and_each_of_its_listeners_are_front_doors(self, shop: Balancer) -> None:
        apis = {api["logical_id"]: (api["kind"], api["url"]) for api in shop.deployment["apis"]}

        assert apis == {
            "Shop": ("load_balancer", f"http://127.0.0.1:{shop.tls}"),
            "Web": ("load_balancer_listener", f"http://127.0.0.1:{shop.web}"),
            "Admin": ("load_balancer_listener", f"http://127.0.0.1:{shop.admin}"),
            "Tls": ("load_balancer_listener", f"http://127.0.0.1:{shop.tls}"),
        }

    def test_the_endpoint_serves_it_by_its_host(self, shop: Balancer) -> None:
        host = shop.send("/x").json()["event"]["headers"]["host"]

        answers = [shop.harness.request("GET", "/teapot", {"Host": each}) for each in (host, f"{host.upper()}:80")]

        assert [answer.status for answer in answers] == [418, 418]

    def test_a_function_reaches_it_by_the_url_in_its_environment(self, shop: Balancer) -> None:
        assert shop.send("/call").body == b"418 <p>no</p>"

    def test_and_by_its_name_in_a_sandbox(self, shop: Balancer) -> None:
        if shop.harness.call("POST", "outside", {"allow": "example.com"}).json().get("note"):
            pytest.skip("this machine allows no sandbox")

        assert shop.send("/call-name").body == b"418 <p>no</p>"


class TestRequests:
    def test_the_function_sees_the_request(self, shop: Balancer) -> None:
        headers = {"Content-Type": "application/json", "X-One": "1", "User-Agent": "tests"}

        event = shop.send("/a%20b/c?x=%201&x=2&y", method="POST", headers=headers, body=b'{"a":1}').json()["event"]

        seen = event.pop("headers")
        group = event.pop("requestContext")["elb"]["targetGroupArn"]
        assert event == {
            "httpMethod": "POST",
            "path": "/a%20b/c",
            "queryStringParameters": {"x": "2", "y": ""},
            "body": '{"a":1}',
            "isBase64Encoded": False,
        }
        assert ":targetgroup/balanced-EchoGroup-" in group
        assert seen.pop("host").startswith("balanced-Shop-")
        assert seen.pop("x-amzn-trace-id").startswith("Root=1-")
        assert seen == {
            "accept-encoding": "identity",
            "content-length": "7",
            "content-type": "application/json",
            "user-agent": "tests",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http",
            "x-one": "1",
        }

    def test_a_tls_listener_says_https_and_sets_its_headers(self, shop: Balancer) -> None:
        answer = shop.send("/x", port=shop.tls)

        seen = answer.json()["event"]["headers"]
        assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("https", "443")
        assert answer.headers["strict-transport-security"] == "max-age=1"

    def test_multi_value_headers_go_both_ways(self, shop: Balancer) -> None:
        answer = shop.send("/many/x?a=1&a=2", headers={"X-One": "1"})

        event = answer.json()
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
        assert event["multiValueHeaders"]["x-one"] == ["1"]
        assert "headers" not in event
        assert [value for name, value in answer.pairs if name == "set-cookie"] == ["a=1", "b=2"]

    def test_head_has_no_body(self, shop: Balancer) -> None:
        answer = shop.send("/x", method="HEAD")

        assert (answer.status, answer.body) == (200, b"")


class TestRules:
    def test_the_lowest_priority_answers(self, shop: Balancer) -> None:
        answer = shop.send("/teapot")

        assert (answer.status, answer.body) == (418, b"<p>no</p>")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["server"] == "awselb/2.0"

    def test_a_host_header_counts(self, shop: Balancer) -> None:
        assert shop.send("/x", headers={"Host": "a.example.com:1234"}).status == 418

    def test_weights_share_the_requests(self, shop: Balancer) -> None:
        shop.harness.reset(shop.deployment)

        bodies = [shop.send("/weighted").body for _ in range(8)]

        assert sorted(bodies) == [b"blue"] * 6 + [b"green"] * 2

    def test_a_client_with_the_cookie_stays(self, shop: Balancer) -> None:
        first = [shop.send("/sticky") for _ in range(4)]
        green = next(answer for answer in first if answer.body == b"green")
        cookies = [value.partition(";")[0] for name, value in green.pairs if name == "set-cookie"]

        bodies = {shop.send("/sticky", headers={"Cookie": cookies[0]}).body for _ in range(4)}

        assert bodies == {b"green"}
        assert [cookie.partition("=")[0] for cookie in cookies] == ["AWSALBTG", "AWSALBTGCORS"]

    def test_a_redirect_can_be_followed_here(self, shop: Balancer) -> None:
        answer = shop.send("/x?y=1", port=shop.admin)

        assert answer.status == 301
        assert answer.headers["location"] == f"http://127.0.0.1:{shop.tls}/x?y=1"
        assert answer.headers["content-length"] == "134"

    def test_and_leads_where_it_does_on_aws_by_another_host(self, shop: Balancer) -> None:
        answer = shop.send("/x", port=shop.admin, headers={"Host": "shop.example.org:8080"})

        assert answer.headers["location"] == "https://shop.example.org:443/x"

    def test_strangers_are_sent_to_sign_in(self, shop: Balancer) -> None:
        answer = shop.send("/private", port=shop.tls)

        assert answer.status == 302
        assert answer.headers["location"].startswith("https://shop.auth.us-east-1.amazoncognito.com/oauth2/authorize?")
        assert "nobody can sign in here" in shop.problem()


class TestTroubles:
    @pytest.mark.parametrize(
        ("path", "status", "problem"),
        [
            ("/fail", 502, "LambdaUnhandled"),
            ("/exit", 502, "LambdaUnhandled"),
            ("/slow", 502, "LambdaUnhandled"),
            ("/large", 502, "LambdaResponseTooLarge: the result has 1048"),
            ("/alone", 502, "LambdaAccessDenied"),
            ("/nobody", 503, "has no registered targets"),
            ("/machines", 503, 'harness.bind("balanced-Machines-'),
        ],
    )
    def test_the_balancer_answers_for_its_targets(self, shop: Balancer, path: str, status: int, problem: str) -> None:
        answer = shop.send(path)

        assert answer.status == status
        assert answer.headers["content-type"] == "text/html"
        assert answer.body.startswith(b"<html>\r\n<head><title>%d " % status)
        assert problem in shop.problem()

    @pytest.mark.parametrize(
        "result",
        [
            *(None, "text", 200, [], {}, {"body": "x"}, {"statusCode": "200"}, {"statusCode": None}),
            *({"statusCode": True}, {"statusCode": 99}, {"statusCode": 600}, {"statusCode": 200.5}),
            *({"statusCode": 200, "statusDescription": None}, {"statusCode": 200, "isBase64Encoded": None}),
            *({"statusCode": 200, "headers": None}, {"statusCode": 200, "headers": {"a": 1}}),
            *({"statusCode": 200, "headers": {"a": True}}, {"statusCode": 200, "headers": {"a": ["b"]}}),
            *({"statusCode": 200, "headers": {"a b": "c"}}, {"statusCode": 200, "headers": {"a": "b\r\nc: d"}}),
            *({"statusCode": 200, "body": {"a": 1}}, {"statusCode": 200, "body": None}),
            {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
        ],
        ids=str,
    )
    def test_a_result_that_is_no_answer(self, shop: Balancer, result: object) -> None:
        assert shop.result(result).status == 502
        assert shop.problem().startswith("LambdaInvalidResponse: ")

    def test_a_body_may_have_a_mebibyte_and_no_more(self, shop: Balancer) -> None:
        headers = {"Content-Type": "text/plain"}

        answers = [
            shop.send("/size", method="POST", headers=headers, body=b"x" * size) for size in (1_048_576, 1_048_577)
        ]

        assert [answer.status for answer in answers] == [200, 413]
        assert answers[0].body == b"1048576"

    @pytest.mark.parametrize(
        ("method", "path", "headers", "status"),
        [
            ("TRACE", "/teapot", {}, 405),
            ("GET", "/teapot?" + "x" * 16_384, {}, 414),
            ("GET", "/teapot", {"X": "x" * 16_384}, 400),
            ("GET", "/teapot", {f"X{number}": "x" * 16_000 for number in range(5)}, 400),
            ("GET", "/teapot", {"X-Forwarded-For": ", ".join(["1.2.3.4"] * 31)}, 463),
            ("GET", "/teapot", {"X-Forwarded-For": ", ".join(["1.2.3.4"] * 30)}, 418),
            ("GET", "/x", {"Connection": "Upgrade", "Upgrade": "websocket"}, 400),
        ],
    )
    def test_requests_that_are_not_passed_on(
        self, shop: Balancer, method: str, path: str, headers: dict[str, str], status: int
    ) -> None:
        assert shop.send(path, method=method, headers=headers).status == status


class TestOtherTargets:
    def test_a_bound_server_stands_for_them(self, shop: Balancer) -> None:
        with HttpReceiver((201, b"made")) as receiver:
            shop.harness.call("POST", "outside", {"bind": "Machines", "url": receiver.url})

            answer = shop.send("/machines?x=1", method="POST", body=b"sent")

        (received,) = receiver.received
        assert (answer.status, answer.body) == (201, b"made")
        assert (received.method, received.path, received.body) == ("POST", "/machines?x=1", b"sent")
        assert received.headers["x-forwarded-port"] == "80"
        assert received.headers["host"].startswith("balanced-Shop-")
        assert shop.send("/machines").status == 502  # it is gone


class TestMetrics:
    def test_requests_are_measured_in_their_namespace(self, shop: Balancer) -> None:
        shop.send("/fail")
        name = shop.dns_name.partition(":loadbalancer/")[2]
        now = datetime.now(UTC)

        answer = shop.harness.aws("cloudwatch").get_metric_statistics(
            Namespace="AWS/ApplicationELB",
            MetricName="LambdaUserError",
            Dimensions=[{"Name": "LoadBalancer", "Value": name}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )

        assert sum(point["Sum"] for point in answer["Datapoints"]) >= 1


class TestHealthChecks:
    def test_a_group_that_asks_for_them_calls_its_function_by_the_clock(self, shop: Balancer) -> None:
        before = shop.harness.position()

        shop.harness.call("POST", "clock", {"advance_seconds": 70})
        shop.harness.drain()

        (changed,) = shop.harness.events("TargetHealthChanged", after=before)
        assert (changed["state"], changed["status"]) == ("unhealthy", 503)
        assert changed["target_group"].startswith("balanced-CheckedGro")
        assert shop.send("/checked").status == 200  # it gets requests all the same, as the only one of its group


class TestChanges:
    """Last: what follows changes the deployment."""

    def test_the_api_s_own_calls_count_at_once(self, shop: Balancer) -> None:
        elbv2 = shop.harness.aws("elbv2")
        arns = {name: made["physical_id"] for name, made in shop.deployment["stacks"]["balanced"]["resources"].items()}

        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": arns["Teapot"], "Priority": 99}])
        later = shop.send("/teapot").status
        elbv2.delete_rule(RuleArn=arns["Late"])
        elbv2.modify_listener(
            ListenerArn=arns["Admin"],
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}],
        )

        assert later == 500
        assert shop.send("/teapot").status == 418
        assert shop.send("/x", port=shop.admin).status == 204

    def test_a_permission_may_name_the_target_group(self, shop: Balancer) -> None:
        arns = {name: made["physical_id"] for name, made in shop.deployment["stacks"]["balanced"]["resources"].items()}
        statuses = []

        for number, group in enumerate(("EchoGroup", "AloneGroup")):
            shop.harness.aws("lambda").add_permission(
                FunctionName=arns["Alone"],
                StatementId=f"s{number}",
                Action="lambda:InvokeFunction",
                Principal="elasticloadbalancing.amazonaws.com",
                SourceArn=arns[group],
            )
            statuses.append(shop.send("/alone").status)

        assert statuses == [502, 200]

    def test_a_listener_at_another_port_has_another_door(self, shop: Balancer, tmp_path: Path) -> None:
        resources = balanced_shop()
        resources["Admin"]["Properties"]["Port"] = 8081
        resources["ToMany"]["Properties"]["Conditions"] = [paths("/several/*")]
        path = write_stack(tmp_path / "changed", "balanced", resources, Admin=dns_url("http", port=":8081"))

        answer = shop.harness.call("PUT", f"deployments/{shop.deployment['id']}", {"assembly": str(path)})

        assert answer.status == 200, answer.body
        port = urlsplit(answer.json()["stacks"]["balanced"]["outputs"]["Admin"]).port
        assert shop.send("/x", port=port).status == 301
        assert "multiValueHeaders" in shop.send("/several/x").json()
        assert "event" in shop.send("/many/x").json()
        with pytest.raises(ConnectionError):
            shop.send("/x", port=shop.admin)

    def test_a_balancer_that_is_deleted_leaves_no_doors(self, shop: Balancer) -> None:
        shop.harness.destroy(shop.deployment)

        for port in (shop.web, shop.tls):
            with pytest.raises(ConnectionError):
                shop.send("/x", port=port)
