"""Distributions of CloudFront in front of buckets: who may read, which behaviour answers, and by which protocol.

Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin", "Values that you specify when you
create or update a distribution", "Generate custom error responses", "Specify a default root object".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.distributions import (
    ALL_METHODS,
    URLS,
    Site,
    access_control,
    behavior,
    bucket_origin,
    distribution,
    empty_buckets,
    readable_bucket,
)
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution")


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    empty_buckets(harness)
    stacks.destroy()


def deployed(harness: WiredHarness, stacks: Stacks, *resources: dict[str, dict[str, Any]]) -> Site:
    merged = {name: each for part in resources for name, each in part.items()}
    return Site(harness, stacks.deploy(merged, **URLS))


class TestAddresses:
    def test_the_domain_its_aliases_and_the_list_of_apis_lead_to_the_distribution(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        site = deployed(
            harness,
            stacks,
            readable_bucket(),
            access_control(),
            distribution([bucket_origin()], Aliases=["www.example.com", "*.shop.example.com"]),
        )
        site.put("a.txt", b"here")

        (api,) = [each for each in site.deployment["apis"] if each["kind"] == "distribution"]
        hosts = [site.domain, "www.example.com", "a.shop.example.com"]
        by_host = [harness.request("GET", "/a.txt", {"Host": host}) for host in hosts]

        assert (api["url"], api["logical_id"]) == (site.url, "Site")
        for answer in (site.ask("/a.txt"), *by_host):
            assert (answer.status, answer.body) == (200, b"here")
            assert answer.headers["x-cache"] == "Miss from cloudfront"
            assert answer.headers["via"].endswith(".cloudfront.net (CloudFront)")
        assert harness.request("GET", "/a.txt", {"Host": "shop.example.com"}).body != b"here"

    def test_a_disabled_distribution_serves_nothing(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(
            harness, stacks, readable_bucket(), access_control(), distribution([bucket_origin()], Enabled=False)
        )
        site.put("a.txt")

        assert site.ask("/a.txt").status == 403

    def test_the_doors_close_with_the_stack(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, readable_bucket(), access_control(), distribution([bucket_origin()]))
        site.ask("/", plain=True)
        stacks.destroy()

        for plain in (False, True):
            with pytest.raises(ConnectionError):
                site.ask("/", plain=plain)


class TestBuckets:
    def test_the_access_control_reads_as_the_distribution(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, readable_bucket(), access_control(), distribution([bucket_origin()]))
        site.put("dir/a b.txt", b"here", ContentType="text/plain")

        answer = site.ask("/dir/a%20b.txt")

        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"here", "text/plain")
        assert site.ask("/dir/a%20b.txt", method="HEAD").body == b""
        assert site.ask("/missing").status == 403  # it may not list, and is not told what is missing

    def test_a_template_of_the_older_form_is_served(self, harness: WiredHarness, stacks: Stacks) -> None:
        domain = {"Fn::GetAtt": ["Bucket", "DomainName"]}
        site = deployed(
            harness,
            stacks,
            readable_bucket(principal={"AWS": {"Ref": "AWS::AccountId"}}),
            distribution([], S3Origin={"DNSName": domain}),
        )
        site.put("a.txt", b"here")

        assert site.ask("/a.txt").status == 403  # nobody signs for it
        assert "s3:GetObject" in str(harness.events("AccessDenied")[-1])

    def test_another_distribution_is_not_meant_by_the_policy(self, harness: WiredHarness, stacks: Stacks) -> None:
        other = "arn:aws:cloudfront::123456789012:distribution/EOTHER"
        site = deployed(
            harness, stacks, readable_bucket(source_arn=other), access_control(), distribution([bucket_origin()])
        )
        site.put("a.txt", b"secret")

        answer = site.ask("/a.txt")

        assert answer.status == 403
        assert b"secret" not in answer.body
        denied = harness.events("AccessDenied")[-1]
        assert (denied["principal"], denied["action"]) == ("cloudfront.amazonaws.com", "s3:GetObject")

    @pytest.mark.parametrize(
        ("control", "origin"),
        [(access_control(behavior="never"), {}), (access_control(), {"OriginAccessControlId": ""})],
        ids=["it never signs", "there is none"],
    )
    def test_nobody_signs_without_an_access_control(
        self, harness: WiredHarness, stacks: Stacks, control: dict[str, Any], origin: dict[str, Any]
    ) -> None:
        site = deployed(harness, stacks, readable_bucket(), control, distribution([bucket_origin(**origin)]))
        site.put("a.txt")

        assert site.ask("/a.txt").status == 403
        assert harness.events("AccessDenied")[-1]["principal"] == "anonymous"

    @pytest.mark.parametrize("by", ["canonical user", "name", "another one"])
    def test_an_identity_reads_as_itself(self, harness: WiredHarness, stacks: Stacks, by: str) -> None:
        type_name = "AWS::CloudFront::CloudFrontOriginAccessIdentity"
        config = {"CloudFrontOriginAccessIdentityConfig": {"Comment": "x"}}
        named = {"Fn::Sub": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity ${Identity}"}
        principals: dict[str, dict[str, Any]] = {
            "canonical user": {"CanonicalUser": {"Fn::GetAtt": ["Identity", "S3CanonicalUserId"]}},
            "name": {"AWS": named},
            "another one": {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
        }
        identity = {"OriginAccessIdentity": {"Fn::Sub": "origin-access-identity/cloudfront/${Identity}"}}
        site = deployed(
            harness,
            stacks,
            {"Identity": {"Type": type_name, "Properties": config}},
            readable_bucket(principal=principals[by]),
            distribution([bucket_origin(S3OriginConfig=identity, OriginAccessControlId="")]),
        )
        site.put("a.txt", b"here")

        assert site.ask("/a.txt").status == (403 if by == "another one" else 200)

    def test_what_may_be_listed_and_written_is_up_to_the_policy(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(
            harness,
            stacks,
            readable_bucket(actions=["s3:GetObject", "s3:PutObject", "s3:ListBucket"]),
            access_control(),
            distribution([bucket_origin()], behavior(AllowedMethods=ALL_METHODS)),
        )

        assert site.ask("/new.txt", method="PUT", body=b"new").status == 200
        assert site.ask("/new.txt").body == b"new"
        assert site.ask("/missing").status == 404
        assert b"<Key>new.txt</Key>" in site.ask("/").body
        assert site.ask("/new.txt", method="DELETE").status == 403

    def test_a_path_of_the_origin_and_its_headers_are_put_before(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(
            harness,
            stacks,
            readable_bucket(),
            access_control(),
            distribution([bucket_origin(OriginPath="/v1")]),
        )
        site.put("v1/a.txt", b"one")

        assert site.ask("/a.txt").body == b"one"


class TestRequests:
    @pytest.mark.parametrize(
        ("policy", "method", "status"),
        [
            ("allow-all", "GET", 200),
            ("redirect-to-https", "GET", 301),
            ("redirect-to-https", "POST", 307),
            ("https-only", "GET", 403),
        ],
    )
    def test_the_viewer_protocol_policy_decides_about_http(
        self, harness: WiredHarness, stacks: Stacks, policy: str, method: str, status: int
    ) -> None:
        default = behavior(ViewerProtocolPolicy=policy, AllowedMethods=ALL_METHODS)
        site = deployed(harness, stacks, readable_bucket(), access_control(), distribution([bucket_origin()], default))
        site.put("a.txt", b"here")

        plain = site.ask("/a.txt?b=c", method=method, plain=True)

        assert plain.status == status
        assert site.ask("/a.txt").body == b"here"
        if status in (301, 307):
            assert plain.headers["location"] == f"{site.url}/a.txt?b=c"
            assert plain.headers["x-cache"] == "Redirect from cloudfront"

    @pytest.mark.parametrize(("methods", "status"), [(["GET", "HEAD"], 403), (ALL_METHODS, 200)])
    def test_other_methods_than_those_allowed_are_refused(
        self, harness: WiredHarness, stacks: Stacks, methods: list[str], status: int
    ) -> None:
        site = deployed(
            harness,
            stacks,
            readable_bucket(actions="s3:PutObject"),
            access_control(),
            distribution([bucket_origin()], behavior(AllowedMethods=methods)),
        )

        answer = site.ask("/a.txt", method="PUT", body=b"new")

        assert answer.status == status
        if status == 403:
            assert b"not configured to allow the HTTP request method" in answer.body
            assert answer.headers["x-cache"] == "Error from cloudfront"

    def test_requests_that_no_distribution_takes(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, readable_bucket(), access_control(), distribution([bucket_origin()]))
        site.put("a.txt")

        assert site.ask("/a.txt", body=b"with a body").status == 403
        assert site.ask(f"/a.txt?{'x' * 8_190}").status == 413
        assert site.ask("/a.txt", headers={"X-Long": "x" * 20_480}).status == 413

    def test_the_first_pattern_that_matches_counts(self, harness: WiredHarness, stacks: Stacks) -> None:
        patterns = ["images/*.jpg", "/images/*", "*.gif", "a?c"]
        names = ["One", "Two", "Three", "Four", "Other"]
        buckets = [readable_bucket(name) for name in names]
        behaviors = [behavior(name, PathPattern=pattern) for name, pattern in zip(names, patterns, strict=False)]
        origins = [bucket_origin(name, name) for name in names]
        site = deployed(
            harness,
            stacks,
            *buckets,
            access_control(),
            distribution(origins, behavior("Other"), CacheBehaviors=behaviors),
        )
        paths = ["images/x.jpg", "images/a/x.jpg", "images/x.gif", "x.gif", "abc", "ac", "Images/x.jpg", "imagesx"]
        for name in names:
            for path in paths:
                site.put(path, name.encode(), bucket=name)

        found = [site.ask(f"/{path}").body.decode() for path in paths]

        assert found == ["One", "One", "Two", "Three", "Four", "Other", "Other", "Other"]

    def test_the_root_has_a_default_object_and_folders_have_none(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(
            harness,
            stacks,
            readable_bucket(),
            access_control(),
            distribution([bucket_origin()], DefaultRootObject="index.html"),
        )
        site.put("index.html", b"root")
        site.put("docs/index.html", b"docs")

        assert site.ask("/").body == b"root"
        assert site.ask("/docs/").status == 403


class TestErrors:
    def test_a_page_stands_in_for_an_error_with_a_status_of_its_own(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        errors = [{"ErrorCode": 403, "ResponseCode": 200, "ResponsePagePath": "/index.html"}]
        site = deployed(
            harness,
            stacks,
            readable_bucket(),
            access_control(),
            distribution([bucket_origin()], CustomErrorResponses=errors),
        )
        without = site.ask("/app/route")
        site.put("index.html", b"<app/>", ContentType="text/html")

        answer = site.ask("/app/route")

        assert without.status == 403
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<app/>", "text/html")
        assert answer.headers["x-cache"] == "Error from cloudfront"

    def test_the_second_origin_answers_where_the_first_one_fails(self, harness: WiredHarness, stacks: Stacks) -> None:
        groups = {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "both",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [404]}},
                    "Members": {"Quantity": 2, "Items": [{"OriginId": "One"}, {"OriginId": "Two"}]},
                }
            ],
        }
        listing = ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]
        site = deployed(
            harness,
            stacks,
            readable_bucket("One", actions=listing),
            readable_bucket("Two", actions=listing),
            access_control(),
            distribution(
                [bucket_origin("One", "One"), bucket_origin("Two", "Two")],
                behavior("both", AllowedMethods=ALL_METHODS),
                OriginGroups=groups,
            ),
        )
        site.put("both.txt", b"first", bucket="One")
        site.put("both.txt", b"second", bucket="Two")
        site.put("second.txt", b"second", bucket="Two")

        assert [site.ask(path).body for path in ("/both.txt", "/second.txt")] == [b"first", b"second"]
        assert site.ask("/neither.txt").status == 404
        assert site.ask("/second.txt", method="DELETE").status == 403
