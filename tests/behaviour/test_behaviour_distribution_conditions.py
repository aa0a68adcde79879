"""Conditional and partial requests of distributions, HEAD, and what tells kept answers of several behaviours apart.

Source: RFC 9110, 9.3.2, 13 and 14; Amazon CloudFront Developer Guide, "Understand the cache key", "Values that you
specify when you create or update a distribution" ("Allowlist cookies").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.distributions import (
    OPTIMIZED,
    URLS,
    Site,
    access_control,
    behavior,
    bucket_origin,
    custom_origin,
    distribution,
    empty_buckets,
    readable_bucket,
)
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import write_stack
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-conditions")

HOST, OTHER = "public.example.com", "private.example.com"
BEFORE, MODIFIED, AFTER = (f"Thu, 01 Jan {year} 00:00:00 GMT" for year in (2025, 2026, 2027))
TO_SHARED = "function handler(event) { event.request.uri = '/shared'; return event.request; }"


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture(scope="module")
def public(harness: WiredHarness) -> Iterator[HttpReceiver]:
    headers = [("ETag", '"tag"'), ("Last-Modified", MODIFIED), ("Set-Cookie", "s=1")]
    with HttpReceiver((200, b"0123456789"), headers=headers) as running:
        harness.call("POST", "outside", {"bind": HOST, "url": running.url})
        yield running


@pytest.fixture(scope="module")
def private(harness: WiredHarness) -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b"private"), headers=[("ETag", 'W/"weak"')]) as running:
        harness.call("POST", "outside", {"bind": OTHER, "url": running.url})
        yield running


@pytest.fixture(scope="module")
def site(
    harness: WiredHarness, public: HttpReceiver, private: HttpReceiver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    function = {
        "Name": "to-shared",
        "AutoPublish": True,
        "FunctionCode": TO_SHARED,
        "FunctionConfig": {"Comment": "", "Runtime": "cloudfront-js-2.0"},
    }
    rewrites = [{"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["Fn", "FunctionARN"]}}]
    cookies = {"Forward": "whitelist", "WhitelistedNames": ["userid_*", "a?c", "plain"]}
    older: dict[str, Any] = {
        "TargetOriginId": "origin",
        "ViewerProtocolPolicy": "allow-all",
        "PathPattern": "/older/*",
        "ForwardedValues": {"QueryString": False, "Cookies": cookies},
    }
    kept: dict[str, Any] = {"CachePolicyId": OPTIMIZED}
    resources = {
        **readable_bucket(),
        **access_control(),
        "Fn": {"Type": "AWS::CloudFront::Function", "Properties": function},
        **distribution(
            [custom_origin(HOST), custom_origin(OTHER, "other"), bucket_origin(origin_id="bucket")],
            behavior(**kept),
            CacheBehaviors=[
                behavior(PathPattern="/through/*"),
                behavior("other", PathPattern="/private/*", FunctionAssociations=rewrites, **kept),
                behavior("other", PathPattern="/weak/*", **kept),
                behavior(PathPattern="/same/*", FunctionAssociations=rewrites, **kept),
                behavior("bucket", PathPattern="/bucket/*", **kept),
                older,
            ],
        ),
    }
    yield Site(
        harness, harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "conditions", resources, **URLS))
    )
    empty_buckets(harness)


class TestConditions:
    @pytest.mark.parametrize("state", ["fresh", "kept"])
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"If-Match": '"tag"'}, 200),
            ({"If-Match": '"x", "tag"'}, 200),
            ({"If-Match": "*"}, 200),
            ({"If-Match": '"x"'}, 412),
            ({"If-Match": 'W/"tag"'}, 412),
            ({"If-Match": '"x"', "If-None-Match": '"tag"'}, 412),
            ({"If-Match": '"tag"', "If-Unmodified-Since": BEFORE}, 200),
            ({"If-Unmodified-Since": BEFORE}, 412),
            ({"If-Unmodified-Since": MODIFIED}, 200),
            ({"If-Unmodified-Since": "yesterday"}, 200),
            ({"If-None-Match": '"x", W/"tag"'}, 304),
            ({"If-None-Match": '"x"', "If-Modified-Since": AFTER}, 200),
            ({"If-Modified-Since": MODIFIED}, 304),
            ({"If-Modified-Since": BEFORE}, 200),
            ({"If-Modified-Since": "Fri, 01 Jan 2027 00:00:00 -0000"}, 304),
        ],
    )
    def test_conditions_are_decided_by_what_is_whole(
        self, site: Site, state: str, headers: dict[str, str], status: int
    ) -> None:
        path = f"/{state}/{''.join(filter(str.isalnum, str(headers)))}"
        if state == "kept":
            site.ask(path)

        answer = site.ask(path, headers=headers)

        assert answer.status == status
        assert answer.body == (b"0123456789" if status == 200 else b"")
        assert site.ask(path).body == b"0123456789"

    def test_a_weak_tag_is_never_matched_strongly(self, site: Site) -> None:
        site.ask("/weak/a")

        assert site.ask("/weak/a", headers={"If-Match": 'W/"weak"'}).status == 412
        assert site.ask("/weak/a", headers={"If-None-Match": '"weak"'}).status == 304
        assert site.ask("/weak/a", headers={"Range": "bytes=0-1", "If-Range": 'W/"weak"'}).status == 200

    def test_what_is_not_kept_is_decided_by_the_origin(self, site: Site, public: HttpReceiver) -> None:
        answer = site.ask("/through/a", headers={"If-Match": '"x"'})

        assert (answer.status, public.received[-1].headers["if-match"]) == (200, '"x"')


class TestRanges:
    @pytest.mark.parametrize(
        ("validator", "status"),
        [
            ('"tag"', 206),
            (MODIFIED, 206),
            ('"old"', 200),
            ('W/"tag"', 200),
            (BEFORE, 200),
            (AFTER, 200),
            ("Thu, 1 Jan 2026 00:00:00 GMT", 200),
        ],
    )
    def test_a_part_is_given_if_what_is_there_is_what_the_viewer_has_the_rest_of(
        self, site: Site, validator: str, status: int
    ) -> None:
        site.ask("/ranges")

        answer = site.ask("/ranges", headers={"Range": "bytes=2-4", "If-Range": validator})

        assert (answer.status, answer.body) == (status, b"234" if status == 206 else b"0123456789")

    @pytest.mark.parametrize("path", ["/head/fresh", "/head/kept"])
    @pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-1"}, {"Range": "bytes=20-"}])
    def test_head_has_no_ranges_and_tells_the_whole_length(
        self, site: Site, path: str, headers: dict[str, str]
    ) -> None:
        if path.endswith("kept"):
            site.ask(path)

        answer = site.ask(path, method="HEAD", headers=headers)

        assert (answer.status, answer.headers["content-length"], answer.body) == (200, "10", b"")
        assert "content-range" not in answer.headers
        assert answer.headers["x-cache"].startswith("Hit" if path.endswith("kept") else "Miss")

    def test_head_tells_the_length_of_an_object_and_of_a_page(self, site: Site) -> None:
        site.put("bucket/a.txt", b"four")

        found = site.ask("/bucket/a.txt", method="HEAD")
        unchanged = site.ask("/bucket/a.txt", method="HEAD", headers={"If-None-Match": found.headers["etag"]})
        refused, page = (site.ask(f"/{'x' * 9000}", method=method) for method in ("HEAD", "GET"))

        assert (found.status, found.headers["content-length"]) == (200, "4")
        assert unchanged.status == 304
        assert "content-length" not in unchanged.headers
        assert (refused.status, refused.body) == (page.status, b"") == (413, b"")
        assert refused.headers["content-length"] == str(len(page.body))


class TestKeys:
    def test_what_one_origin_gave_is_not_given_to_viewers_of_another(self, site: Site) -> None:
        hidden, shown, again = (site.ask(path).body for path in ("/private/a", "/shared", "/private/a"))

        assert (hidden, shown, again) == (b"private", b"0123456789", b"private")

    def test_behaviours_of_one_origin_share_what_is_kept(self, site: Site) -> None:
        site.invalidate("/*")
        site.ask("/shared")

        assert site.ask("/same/a").headers["x-cache"].startswith("Hit")

    def test_names_of_cookies_of_the_older_form_may_have_wildcards(self, site: Site, public: HttpReceiver) -> None:
        sent = "userid_1=a; userid=b; abc=c; abbc=d; xabc=e; plain=f; plainer=g"

        answers = [site.ask("/older/a", headers={"Cookie": cookies}) for cookies in (sent, f"{sent}; other=1")]
        other = site.ask("/older/a", headers={"Cookie": sent.replace("userid_1=a", "userid_2=a")})

        forwarded = [each.headers.get("cookie") for each in public.received if each.path == "/older/a"]
        assert forwarded == ["userid_1=a; abc=c; plain=f", "userid_2=a; abc=c; plain=f"]
        assert [each.headers["x-cache"].split()[0] for each in (*answers, other)] == ["Miss", "Hit", "Miss"]
        assert answers[0].headers["set-cookie"] == "s=1"
        assert "set-cookie" not in site.ask("/plain").headers
