"""Which rule a request takes, which group it goes to, and what rules answer by themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.moto_state.load_balancers import Action, Rule, WeightedGroup, read_actions, read_condition
from lambdakit.harness.routing.load_balancer.conditions import choose_rule
from lambdakit.harness.routing.load_balancer.own_answers import BalancerRefused, page
from lambdakit.harness.routing.load_balancer.redirect import fixed_response, redirect, redirect_location, sign_in
from lambdakit.harness.routing.load_balancer.weights import WeightedChoice, keeping_cookies, kept_group
from lambdakit.harness.wire import Headers, Request
from tests.fakes.load_balancer_parts import listener_of

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def _request(
    target: str = "/", *, method: str = "GET", headers: Sequence[tuple[str, str]] = (), peer: str = "127.0.0.1"
) -> Request:
    return Request(method=method, target=target, headers=Headers(headers), peer=(peer, 40_000))


def _meets(condition: dict[str, Any], request: Request, host: str = "example.com") -> bool:
    rule = Rule(arn="r", priority=1, conditions=(read_condition(condition),), actions=())
    return choose_rule([rule], request, host) is rule


@pytest.mark.parametrize(
    ("pattern", "target", "met"),
    [
        ("/img/*", "/img/a.jpg", True),
        ("/img/*", "/img/", True),
        ("/img/*", "/img", False),
        ("/img/*", "/IMG/a", False),
        ("/img/*", "/other?x=/img/", False),
        ("/img/*", "/img/a/b?x=1", True),
        ("/?", "/a", True),
        ("/?", "/", False),
        ("/?", "/ab", False),
        ("*", "/anything", True),
        ("/a.c", "/abc", False),
        ("/a+b$", "/a+b$", True),
        ("/a%20b", "/a%20b", True),
        ("/a*z", "/a/b/z", True),
    ],
)
def test_paths_are_matched_with_their_case_and_without_the_query(pattern: str, target: str, met: bool) -> None:
    old = {"Field": "path-pattern", "Values": [pattern]}
    new = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/never", pattern]}}

    assert [_meets(condition, _request(target)) for condition in (old, new)] == [met, met]


@pytest.mark.parametrize(
    ("pattern", "host", "met"),
    [
        ("*.example.com", "test.example.com", True),
        ("*.example.com", "example.com", False),
        ("EXAMPLE.com", "example.COM", True),
        ("example.com", "example.com.org", False),
        ("?.example.com", "a.example.com", True),
    ],
)
def test_hosts_are_matched_without_case(pattern: str, host: str, met: bool) -> None:
    condition = {"Field": "host-header", "HostHeaderConfig": {"Values": [pattern]}}

    assert _meets(condition, _request(), host) is met


@pytest.mark.parametrize(
    ("values", "headers", "met"),
    [
        (["*Chrome*"], [("user-agent", "a chrome b")], True),
        (["*Chrome*"], [], False),
        (["a", "b"], [("USER-AGENT", "B")], True),
        (["a"], [("user-agent", "x"), ("User-Agent", "a")], True),
        (["?"], [("user-agent", "")], False),
        (["*"], [("user-agent", "")], True),
        (["a"], [("other", "a")], False),
    ],
)
def test_header_conditions(values: list[str], headers: list[tuple[str, str]], met: bool) -> None:
    condition = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "User-Agent", "Values": values}}

    assert _meets(condition, _request(headers=headers)) is met


@pytest.mark.parametrize(
    ("pairs", "query", "met"),
    [
        ([{"Key": "version", "Value": "v1"}], "version=v1", True),
        ([{"Key": "version", "Value": "v1"}], "VERSION=V1", True),
        ([{"Key": "version", "Value": "v1"}], "version=v2&other=v1", False),
        ([{"Value": "example"}], "any=example", True),
        ([{"Value": "example"}], "example", False),
        ([{"Key": "flag", "Value": "*"}], "flag", True),
        ([{"Key": "a", "Value": "*b*"}], "a=abc", True),
        ([{"Key": "a", "Value": "\\*"}], "a=*", True),
        ([{"Key": "a", "Value": "\\*"}], "a=b", False),
        ([{"Key": "a", "Value": "\\?"}], "a=?", True),
        ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], "b=2", True),
        ([{"Key": "a", "Value": "1"}], "", False),
    ],
)
def test_query_conditions(pairs: list[dict[str, str]], query: str, met: bool) -> None:
    condition = {"Field": "query-string", "QueryStringConfig": {"Values": pairs}}

    assert _meets(condition, _request(f"/?{query}")) is met


@pytest.mark.parametrize(
    ("cidr", "peer", "met"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("192.0.2.0/24", "127.0.0.1", False),
        ("192.0.2.9/32", "192.0.2.9", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "127.0.0.1", False),
    ],
)
def test_addresses_are_those_of_the_connection(cidr: str, peer: str, met: bool) -> None:
    condition = {"Field": "source-ip", "SourceIpConfig": {"Values": [cidr]}}
    forwarded = [("X-Forwarded-For", "192.0.2.9")]

    assert _meets(condition, _request(peer=peer, headers=forwarded)) is met


@pytest.mark.parametrize(("method", "met"), [("GET", True), ("get", False), ("PURGE", True), ("POST", False)])
def test_methods_are_matched_exactly(method: str, met: bool) -> None:
    condition = {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "PURGE"]}}

    assert _meets(condition, _request(method=method)) is met


def test_expressions_are_searched_for() -> None:
    condition = {"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/v[0-9]+/"]}}

    assert [_meets(condition, _request(path)) for path in ("/v12/a", "/va/a")] == [True, False]


def test_an_unknown_field_and_a_broken_expression_are_never_met() -> None:
    broken = {"RegexValues": ["("]}
    conditions: list[dict[str, Any]] = [
        {"Field": "moon-phase"},
        {"Field": "path-pattern", "PathPatternConfig": broken},
    ]

    assert [_meets(condition, _request()) for condition in conditions] == [False, False]


def test_a_rule_needs_all_of_its_conditions_and_the_first_one_wins() -> None:
    path = read_condition({"Field": "path-pattern", "Values": ["/a"]})
    method = read_condition({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}})
    both, one, default = (
        Rule(arn=name, priority=number, conditions=conditions, actions=())
        for number, (name, conditions) in enumerate([("both", (path, method)), ("one", (path,)), ("default", ())])
    )

    chosen = [
        choose_rule([both, one, default], request, "h")
        for request in (_request("/a", method="POST"), _request("/a"), _request("/b", method="POST"))
    ]

    assert chosen == [both, one, default]
    assert choose_rule([both], _request("/b"), "h") is None


@given(pattern=st.text("/a*?", max_size=8), path=st.text("/ab", max_size=8))
def test_a_pattern_matches_what_its_wildcards_stand_for(pattern: str, path: str) -> None:
    condition = {"Field": "path-pattern", "Values": [pattern]}

    assert _meets(condition, _request(path)) is _stands_for(pattern, path)


def _stands_for(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_stands_for(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and _stands_for(pattern[1:], text[1:])


@pytest.mark.parametrize(
    ("settings", "location"),
    [
        ({}, "http://shop.example.com:80/a/b?x=1"),
        ({"Protocol": "HTTPS", "Port": "443"}, "https://shop.example.com:443/a/b?x=1"),
        ({"Path": "/new/#{path}"}, "http://shop.example.com:80/new/a/b?x=1"),
        ({"Host": "other.#{host}", "Query": ""}, "http://other.shop.example.com:80/a/b"),
        ({"Query": "from=#{host}&at=#{port}&by=#{protocol}&#{query}"}, None),
        ({"Path": "/#{host}/#{port}#{path}"}, "http://shop.example.com:80/shop.example.com/80a/b?x=1"),
        ({"Path": "/#{unknown}"}, "http://shop.example.com:80/#{unknown}?x=1"),
    ],
)
def test_redirects_fill_in_the_parts_of_the_url(settings: dict[str, str], location: str | None) -> None:
    expected = location or "http://shop.example.com:80/a/b?from=shop.example.com&at=80&by=HTTP&x=1"

    found = redirect_location(settings, _request("/a/b?x=1"), listener_of(port=80), "shop.example.com")

    assert found == expected


@pytest.mark.parametrize(("code", "status"), [("HTTP_301", 301), ("HTTP_302", 302)])
def test_a_redirect_is_a_page_with_a_location(code: str, status: int) -> None:
    answer = redirect({"StatusCode": code}, _request(), listener_of(), "h")

    assert answer.status == status
    assert ("Location", "http://h:80/") in answer.headers


def test_the_page_of_a_redirect_has_the_length_that_it_has_on_aws() -> None:
    assert len(page(301).body) == 134


@pytest.mark.parametrize(
    ("settings", "content_type", "body"),
    [
        ({"StatusCode": "200"}, "text/plain; charset=utf-8", b""),
        (
            {"StatusCode": "503", "ContentType": "application/json", "MessageBody": '{"a":"é"}'},
            "application/json; charset=utf-8",
            '{"a":"é"}'.encode(),
        ),
    ],
)
def test_fixed_responses(settings: dict[str, str], content_type: str, body: bytes) -> None:
    answer = fixed_response(settings)

    assert answer.status == int(settings["StatusCode"])
    assert ("Content-Type", content_type) in answer.headers
    assert answer.body == body


class TestWeights:
    @pytest.mark.parametrize("weights", [(1, 1), (3, 1), (999, 1), (0, 1), (2, 3, 5)])
    def test_any_whole_round_is_spread_as_the_weights_say(self, weights: tuple[int, ...]) -> None:
        choice = WeightedChoice()
        groups = [WeightedGroup(arn=str(number), weight=weight) for number, weight in enumerate(weights)]

        chosen = Counter(choice.choose(groups) for _ in range(sum(weights)))

        assert chosen == {group.arn: group.weight for group in groups if group.weight}

    def test_a_reset_begins_the_round_anew(self) -> None:
        choice = WeightedChoice()
        groups = [WeightedGroup(arn="a", weight=2), WeightedGroup(arn="b", weight=1)]

        before = [choice.choose(groups) for _ in range(2)]
        choice.reset()
        after = [choice.choose(groups) for _ in range(2)]

        assert before == after

    def test_no_weight_at_all_is_no_service(self) -> None:
        with pytest.raises(BalancerRefused, match="weight") as refused:
            WeightedChoice().choose([WeightedGroup(arn="a", weight=0)])

        assert refused.value.response.status == 503


class TestStickiness:
    def _action(self, seconds: int = 60) -> Action:
        groups = (WeightedGroup(arn="a"), WeightedGroup(arn="b"))
        return Action(type="forward", groups=groups, sticky_seconds=seconds)

    def _cookie(self, headers: list[tuple[str, str]]) -> Request:
        pairs = "; ".join(value.partition(";")[0] for _, value in headers)
        return _request(headers=[("Cookie", f"other=1; {pairs}")])

    def test_a_client_stays_with_its_group(self) -> None:
        headers = keeping_cookies(self._action(), "b", AT)

        assert [value.partition("=")[0] for _, value in headers] == ["AWSALBTG", "AWSALBTGCORS"]
        assert "Expires=Fri, 02 Jan 2026 03:05:05 GMT; Path=/" in headers[0][1]
        assert headers[1][1].endswith("; SameSite=None; Secure")
        assert kept_group(self._action(), self._cookie(headers), AT) == "b"

    @pytest.mark.parametrize(("later", "kept"), [(59, "b"), (60, "b"), (61, None)])
    def test_for_as_long_as_the_rule_says(self, later: int, kept: str | None) -> None:
        headers = keeping_cookies(self._action(), "b", AT)

        assert kept_group(self._action(), self._cookie(headers), AT + timedelta(seconds=later)) == kept

    @pytest.mark.parametrize("content", ["", "x", "é", "AAAA", "=" * 32, "A" * 32])
    def test_a_made_up_cookie_counts_for_nothing(self, content: str) -> None:
        request = _request(headers=[("cookie", f"AWSALBTG={content}")])

        assert kept_group(self._action(), request, AT) is None

    def test_a_group_that_the_rule_has_no_more_is_forgotten(self) -> None:
        headers = keeping_cookies(self._action(), "gone", AT)

        assert kept_group(self._action(), self._cookie(headers), AT) is None

    def test_rules_without_it_set_no_cookies(self) -> None:
        single = Action(type="forward", groups=(WeightedGroup(arn="a"),), sticky_seconds=60)

        assert keeping_cookies(self._action(0), "a", AT) == keeping_cookies(single, "a", AT) == []


class TestSignIn:
    def _action(self, **settings: object) -> Action:
        given: dict[str, object] = {"ClientId": "id", "AuthorizationEndpoint": "https://idp/authorize", **settings}
        return Action(type="authenticate-oidc", settings=given)

    def test_a_stranger_is_sent_to_the_provider(self) -> None:
        answer = sign_in(self._action(Scope="openid email"), listener_of(port=443, protocol="HTTPS"), "us-east-1", "h")

        assert answer is not None
        location = dict(answer.headers)["Location"]
        assert answer.status == 302
        assert location.startswith("https://idp/authorize?client_id=id&redirect_uri=https%3A%2F%2Fh%2Foauth2%2Fidp")
        assert "scope=openid+email" in location

    def test_to_the_user_pool_s_own_page(self) -> None:
        action = Action(type="authenticate-cognito", settings={"UserPoolDomain": "shop", "UserPoolClientId": "c"})

        answer = sign_in(action, listener_of(), "eu-west-1", "h")

        assert answer is not None
        beginning = "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/authorize?client_id=c&"
        assert dict(answer.headers)["Location"].startswith(beginning)

    def test_or_let_on_or_denied(self) -> None:
        assert sign_in(self._action(OnUnauthenticatedRequest="allow"), listener_of(), "r", "h") is None
        with pytest.raises(BalancerRefused) as refused:
            sign_in(self._action(OnUnauthenticatedRequest="deny"), listener_of(), "r", "h")
        assert refused.value.response.status == 401


def test_actions_are_read_in_their_order() -> None:
    actions = read_actions(
        [
            {"Type": "forward", "Order": 2, "TargetGroupArn": "arn"},
            {"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {"ClientId": "c"}},
        ]
    )

    assert actions == (
        Action(type="authenticate-oidc", settings={"ClientId": "c"}),
        Action(type="forward", groups=(WeightedGroup(arn="arn"),)),
    )
