"""What distributions keep, for how long by the harness's clock, and by which values answers are told from one another.

Source: Amazon CloudFront Developer Guide, "Manage how long content stays in the cache (expiration)", "How CloudFront
processes and caches HTTP 4xx and 5xx status codes from your origin", "Invalidate files", "Understand the cache key",
"Understand response headers policies".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.distributions import (
    ALL_METHODS,
    DISABLED,
    OPTIMIZED,
    URLS,
    Site,
    behavior,
    custom_origin,
    distribution,
)
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-caching")

HOST = "kept.example.com"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    stacks.destroy()


def cache_policy(least: int = 0, usual: int = 60, most: int = 3600, **parameters: Any) -> dict[str, Any]:
    """The policy `Policy`."""
    nothing = {"HeaderBehavior": "none"}, {"CookieBehavior": "none"}, {"QueryStringBehavior": "none"}
    config = {
        "Name": "policy",
        "MinTTL": least,
        "DefaultTTL": usual,
        "MaxTTL": most,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": False,
            **dict(zip(("HeadersConfig", "CookiesConfig", "QueryStringsConfig"), nothing, strict=True)),
            **parameters,
        },
    }
    return {"Policy": {"Type": "AWS::CloudFront::CachePolicy", "Properties": {"CachePolicyConfig": config}}}


class Kept(Site):
    """A distribution in front of a server that counts what it is asked."""

    receiver: HttpReceiver

    def count(self) -> int:
        """How often the server was asked."""
        return len(self.receiver.received)

    def advance(self, seconds: float) -> None:
        """Moves the harness's clock."""
        assert self.harness.call("POST", "clock", {"advance_seconds": seconds}).status == 200


@pytest.fixture
def kept(harness: WiredHarness, stacks: Stacks) -> Iterator[Any]:
    """Makes a distribution, with the answers of its server."""
    running: list[HttpReceiver] = []

    def make(
        resources: dict[str, Any],
        default: dict[str, Any],
        *answers: tuple[int, bytes],
        headers: list[tuple[str, str]] | None = None,
        **more: Any,
    ) -> Kept:
        receiver = HttpReceiver(*answers, headers=headers or [])
        receiver.__enter__()
        running.append(receiver)
        harness.call("POST", "outside", {"bind": HOST, "url": receiver.url})
        merged = {**resources, **distribution([custom_origin(HOST)], default, **more)}
        site = Kept(harness, stacks.deploy(merged, **URLS))
        site.receiver = receiver
        return site

    yield make
    for receiver in running:
        receiver.__exit__(None, None, None)


BY_POLICY = behavior(CachePolicyId={"Ref": "Policy"})


class TestTimes:
    def test_an_answer_is_kept_for_as_long_as_the_policy_says(self, kept: Any) -> None:
        site = kept(cache_policy(usual=60), BY_POLICY, (200, b"one"), (200, b"two"))

        first, second = site.ask("/a"), site.ask("/a")
        site.advance(30)
        third = site.ask("/a")
        site.advance(31)
        fourth = site.ask("/a")

        assert [each.body for each in (first, second, third, fourth)] == [b"one", b"one", b"one", b"two"]
        caches = [each.headers["x-cache"].split()[0] for each in (first, second, third, fourth)]
        assert caches == ["Miss", "Hit", "Hit", "Miss"]
        assert int(third.headers["age"]) >= 30
        assert "age" not in fourth.headers

    @pytest.mark.parametrize(
        ("policy", "headers", "seconds"),
        [
            ({}, [("Cache-Control", "max-age=10")], 10),
            ({}, [("Cache-Control", "max-age=10, s-maxage=20")], 20),
            ({"most": 30}, [("Cache-Control", "max-age=100")], 30),
            ({"least": 15}, [("Cache-Control", "max-age=10")], 15),
            ({"least": 90}, [], 90),
            ({}, [("Expires", "Thu, 01 Jan 2060 00:00:00 GMT")], 3600),
            ({}, [("Expires", "Thu, 01 Jan 2015 00:00:00 GMT")], 0),
            ({}, [("Cache-Control", "no-store")], 0),
            ({}, [("Cache-Control", "private, max-age=100")], 0),
            ({"least": 15}, [("Cache-Control", "no-cache")], 15),
            ({"usual": 0, "most": 0}, [("Cache-Control", "max-age=10")], 0),
        ],
        ids=[
            *("max-age", "s-maxage", "the most", "the least", "the least and no header", "a far date", "a past date"),
            *("no-store", "private", "no-cache and the least", "a policy that keeps nothing"),
        ],
    )
    def test_the_origins_headers_count_within_the_policys_bounds(
        self, kept: Any, policy: dict[str, int], headers: list[tuple[str, str]], seconds: int
    ) -> None:
        site = kept(cache_policy(**policy), BY_POLICY, headers=headers)

        site.ask("/a")
        site.advance(seconds / 2)
        site.ask("/a")
        before = site.count()
        site.advance(seconds / 2 + 1)
        site.ask("/a")

        assert (before, site.count()) == ((1, 2) if seconds else (2, 3))

    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [(404, [], 10), (503, [], 10), (403, [], 0), (403, [("Cache-Control", "max-age=30")], 30), (404, "custom", 60)],
    )
    def test_errors_are_kept_for_their_own_time(
        self, kept: Any, status: int, headers: list[tuple[str, str]] | str, seconds: int
    ) -> None:
        errors = [{"ErrorCode": 404, "ErrorCachingMinTTL": 60}] if headers == "custom" else []
        more = {"CustomErrorResponses": errors} if errors else {}
        site = kept({}, behavior(), (status, b"no"), headers=headers if isinstance(headers, list) else [], **more)

        assert [site.ask("/a").status for _ in range(2)] == [status, status]
        before = site.count()
        site.advance(seconds / 2)
        site.ask("/a")
        within = site.count()
        site.advance(seconds / 2 + 1)
        site.ask("/a")

        assert (before, within, site.count()) == ((1, 1, 2) if seconds else (2, 3, 4))
        assert site.ask("/b").headers["x-cache"] == "Error from cloudfront"

    def test_nothing_is_kept_of_methods_that_change_something(self, kept: Any) -> None:
        site = kept(cache_policy(), behavior(CachePolicyId={"Ref": "Policy"}, AllowedMethods=ALL_METHODS))

        for method in ("POST", "PUT", "DELETE", "POST"):
            site.ask("/a", method=method)

        assert site.count() == 4

    def test_a_reset_empties_the_cache(self, harness: WiredHarness, kept: Any) -> None:
        site = kept(cache_policy(), BY_POLICY, (200, b"one"), (200, b"two"))
        site.ask("/a")

        harness.reset(site.deployment)

        assert site.ask("/a").body == b"two"


class TestInvalidations:
    @pytest.mark.parametrize(
        ("paths", "again"),
        [
            (["/*"], ["/a", "/dir/a", "/dir/b"]),
            (["/dir/*"], ["/dir/a", "/dir/b"]),
            (["/dir/a"], ["/dir/a"]),
            (["dir/a*"], ["/dir/a"]),
            (["/a", "/dir/b"], ["/a", "/dir/b"]),
            (["/other"], []),
        ],
        ids=["everything", "a folder", "a file", "without the slash", "two", "another"],
    )
    def test_what_is_invalidated_is_asked_for_again(self, kept: Any, paths: list[str], again: list[str]) -> None:
        site = kept(cache_policy(), BY_POLICY)
        everything = ["/a", "/dir/a", "/dir/b"]
        for path in everything:
            site.ask(path)

        site.invalidate(*paths)
        asked = [path for path in everything if site.ask(path).headers["x-cache"].startswith("Miss")]

        assert asked == again


class TestKeys:
    @pytest.mark.parametrize(
        ("parameters", "same", "other"),
        [
            ({}, {"path": "/a?x=2", "headers": {"X-A": "2", "Cookie": "c=2"}}, {"path": "/b"}),
            (
                {"QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["x"]}},
                {"path": "/a?x=1&y=2"},
                {"path": "/a?x=2"},
            ),
            (
                {"QueryStringsConfig": {"QueryStringBehavior": "allExcept", "QueryStrings": ["y"]}},
                {"path": "/a?x=1&y=2"},
                {"path": "/a?x=1&z=1"},
            ),
            (
                {"HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["X-A"]}},
                {"headers": {"X-A": "1", "X-B": "2"}},
                {"headers": {"X-A": "2"}},
            ),
            (
                {"CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": ["c"]}},
                {"headers": {"X-A": "1", "Cookie": "d=2; c=1"}},
                {"headers": {"X-A": "1", "Cookie": "c=2"}},
            ),
        ],
        ids=["the path", "a parameter", "all parameters but one", "a header", "a cookie"],
    )
    def test_what_the_policy_names_tells_answers_from_one_another(
        self, kept: Any, parameters: dict[str, Any], same: dict[str, Any], other: dict[str, Any]
    ) -> None:
        site = kept(cache_policy(**parameters), BY_POLICY)
        first = {"path": "/a?x=1&y=1", "headers": {"X-A": "1", "Cookie": "c=1"}}

        for wanted in (first, {**first, **same}, {**first, **other}):
            site.ask(**wanted)

        assert site.count() == 2

    def test_what_is_in_the_key_goes_to_the_origin(self, kept: Any) -> None:
        parameters: dict[str, Any] = {
            "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["x"]},
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": ["X-A", "CloudFront-Forwarded-Proto"]},
            "CookiesConfig": {"CookieBehavior": "all"},
        }
        site = kept(cache_policy(**parameters), BY_POLICY)

        site.ask("/a?x=1&y=2", headers={"X-A": "1", "X-B": "2", "Cookie": "c=1; d=2"})

        received = site.receiver.received[-1]
        assert received.path == "/a?x=1"
        assert (received.headers["x-a"], received.headers["cookie"]) == ("1", "c=1; d=2")
        assert received.headers["cloudfront-forwarded-proto"] == "https"
        site.ask("/a", plain=True)
        assert site.receiver.received[-1].headers["cloudfront-forwarded-proto"] == "http"
        assert "x-b" not in received.headers

    def test_behaviours_of_the_older_form_say_it_themselves(self, kept: Any) -> None:
        forwarded = {
            "QueryString": True,
            "QueryStringCacheKeys": ["x"],
            "Headers": ["X-A"],
            "Cookies": {"Forward": "whitelist", "WhitelistedNames": ["c"]},
        }
        older = {"TargetOriginId": "origin", "ViewerProtocolPolicy": "allow-all", "ForwardedValues": forwarded}
        site = kept({}, {**older, "DefaultTTL": 60})

        for path, headers in (
            ("/a?x=1&y=1", {"X-A": "1", "Cookie": "c=1"}),
            ("/a?x=1&y=2", {"X-A": "1", "Cookie": "d=1; c=1"}),
            ("/a?x=2", {"X-A": "1", "Cookie": "c=1"}),
        ):
            site.ask(path, headers=headers)

        assert [each.path for each in site.receiver.received] == ["/a?x=1", "/a?x=2"]
        assert site.receiver.received[0].headers["cookie"] == "c=1"

    def test_a_policy_that_nobody_knows_is_told(self, kept: Any) -> None:
        site = kept({}, behavior(CachePolicyId="00000000-0000-0000-0000-000000000000"))

        assert site.ask("/a").status == 502
        assert "nothing is known of policy 00000000" in site.problem()


class TestParts:
    def test_what_is_kept_answers_conditional_and_partial_requests(self, kept: Any) -> None:
        headers = [("ETag", '"tag"'), ("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")]
        site = kept({}, behavior(CachePolicyId=OPTIMIZED), (200, b"0123456789"), headers=headers)
        site.ask("/a")

        unchanged = site.ask("/a", headers={"If-None-Match": 'W/"tag"'})
        since = site.ask("/a", headers={"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"})
        changed = site.ask("/a", headers={"If-None-Match": '"other"'})
        part = site.ask("/a", headers={"Range": "bytes=2-4"})
        rest = site.ask("/a", headers={"Range": "bytes=-3"})
        none = site.ask("/a", headers={"Range": "bytes=20-"})

        assert [each.status for each in (unchanged, since, changed, part, rest, none)] == [304, 304, 200, 206, 206, 416]
        assert (unchanged.body, part.body, rest.body) == (b"", b"234", b"789")
        assert part.headers["content-range"] == "bytes 2-4/10"
        assert site.count() == 1


class TestResponseHeaders:
    def test_a_policy_removes_then_adds_and_the_origins_go_before_unless_overridden(self, kept: Any) -> None:
        config = {
            "Name": "headers",
            "RemoveHeadersConfig": {"Items": [{"Header": "X-Powered-By"}]},
            "CustomHeadersConfig": {
                "Items": [
                    {"Header": "X-Kept", "Value": "policy", "Override": False},
                    {"Header": "X-Mine", "Value": "policy", "Override": True},
                ]
            },
            "SecurityHeadersConfig": {
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": 60,
                    "IncludeSubdomains": True,
                    "Preload": True,
                    "Override": True,
                },
                "FrameOptions": {"FrameOption": "DENY", "Override": True},
                "XSSProtection": {"Protection": True, "ModeBlock": True, "Override": True},
                "ContentTypeOptions": {"Override": True},
            },
            "CorsConfig": {
                "AccessControlAllowCredentials": True,
                "AccessControlAllowHeaders": {"Items": ["X-A"]},
                "AccessControlAllowMethods": {"Items": ["GET", "POST"]},
                "AccessControlAllowOrigins": {"Items": ["https://*.example.com"]},
                "AccessControlExposeHeaders": {"Items": ["X-B"]},
                "AccessControlMaxAgeSec": 7,
                "OriginOverride": True,
            },
        }
        properties = {"ResponseHeadersPolicyConfig": config}
        resources = {"Headers": {"Type": "AWS::CloudFront::ResponseHeadersPolicy", "Properties": properties}}
        default = behavior(ResponseHeadersPolicyId={"Ref": "Headers"})
        site = kept(resources, default, headers=[("X-Kept", "origin"), ("X-Mine", "origin"), ("X-Powered-By", "x")])

        plain = site.ask("/a").headers
        allowed = site.ask("/a", headers={"Origin": "https://a.example.com"}).headers
        refused = site.ask("/a", headers={"Origin": "https://example.org"}).headers

        assert (plain["x-kept"], plain["x-mine"]) == ("origin", "policy")
        assert "x-powered-by" not in plain
        assert plain["strict-transport-security"] == "max-age=60; includeSubDomains; preload"
        assert (plain["x-frame-options"], plain["x-xss-protection"]) == ("DENY", "1; mode=block")
        assert plain["x-content-type-options"] == "nosniff"
        assert allowed["access-control-allow-origin"] == "https://a.example.com"
        assert (allowed["access-control-allow-credentials"], allowed["access-control-expose-headers"]) == (
            "true",
            "X-B",
        )
        assert "access-control-allow-methods" not in allowed
        for headers in (plain, refused):
            assert "access-control-allow-origin" not in headers

    def test_managed_policies_answer_preflight_requests_and_secure(self, kept: Any) -> None:
        default = behavior(
            ResponseHeadersPolicyId="eaab4381-ed33-4a86-88ca-d9558dc6cd63",
            AllowedMethods=ALL_METHODS,
            CachePolicyId=DISABLED,
        )
        site = kept({}, default)
        origin = {"Origin": "https://a.example.com"}

        simple = site.ask("/a", headers=origin).headers
        asks = {**origin, "Access-Control-Request-Method": "PUT"}
        preflight = site.ask("/a", method="OPTIONS", headers=asks).headers

        assert simple["access-control-allow-origin"] == preflight["access-control-allow-origin"] == "*"
        assert "access-control-allow-methods" not in simple
        assert "access-control-expose-headers" not in simple
        assert set(preflight["access-control-allow-methods"].split(", ")) == set(ALL_METHODS)
        assert simple["referrer-policy"] == "strict-origin-when-cross-origin"
        assert simple["x-frame-options"] == "SAMEORIGIN"
