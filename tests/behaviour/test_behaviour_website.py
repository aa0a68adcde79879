"""Static websites of buckets, asked over real sockets, with permissions enforced.

Source: Amazon S3 User Guide, "Website endpoints", "Configuring an index document", "Configuring a custom error
document", "(Optional) Configuring a webpage redirect", "Setting permissions for website access".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.plain_assembly import function
from tests.fakes.stacks import Stacks, physical_id
from tests.fakes.wired_harness import Answer, WiredHarness, request

pytestmark = pytest.mark.xdist_group("behaviour-website")

OPEN = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), False)
INDEX = {"IndexDocument": "index.html", "ErrorDocument": "error.html"}


def statement(action: str, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def objects(bucket: str) -> dict[str, Any]:
    return {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, "/*"]]}


def website(
    configuration: dict[str, Any] | None = None, *, statements: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, dict[str, Any]]:
    """A bucket with a website, which everybody may read unless `statements` say something else."""
    allowed = [statement("s3:GetObject", objects("Site"))] if statements is None else statements
    properties = {
        "WebsiteConfiguration": INDEX if configuration is None else configuration,
        "PublicAccessBlockConfiguration": OPEN,
        **more,
    }
    found: dict[str, dict[str, Any]] = {"Site": {"Type": "AWS::S3::Bucket", "Properties": properties}}
    if allowed:
        document = {"Version": "2012-10-17", "Statement": allowed}
        policy = {"Bucket": {"Ref": "Site"}, "PolicyDocument": document}
        found["Policy"] = {"Type": "AWS::S3::BucketPolicy", "Properties": policy}
    return found


URL = {"Fn::GetAtt": ["Site", "WebsiteURL"]}


class Site:
    """A deployed website."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.bucket = physical_id(deployment, "Site")
        (stack,) = deployment["stacks"].values()
        self.url = str(stack["outputs"]["Url"])
        self.apis = deployment["apis"]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{urlsplit(self.url).port}"

    def put(self, key: str, body: bytes = b"x", **more: Any) -> None:
        self.harness.aws("s3").put_object(Bucket=self.bucket, Key=key, Body=body, **more)

    def ask(self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None) -> Answer:
        return request(urlsplit(self.url).port or 0, method, path, headers)


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="on") as running:
        yield running


@pytest.fixture
def stacks(harness: WiredHarness, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stacks]:
    """Stacks whose buckets are emptied before they go."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[-40:].strip("-")
    stacks = Stacks(harness, tmp_path, f"t-{name}")
    yield stacks
    s3 = harness.aws("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for held in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=held["Key"])
    stacks.destroy()


def deployed(harness: WiredHarness, stacks: Stacks, resources: dict[str, dict[str, Any]]) -> Site:
    return Site(harness, stacks.deploy(resources, Url=URL))


class TestAddresses:
    def test_the_attribute_the_list_of_apis_and_both_forms_of_the_host_lead_to_the_website(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        site = deployed(harness, stacks, website())
        site.put("index.html", b"<h1>here</h1>", ContentType="text/html")

        (api,) = site.apis
        hosts = [f"{site.bucket}.s3-website{mark}us-east-1.amazonaws.com" for mark in "-."]
        by_host = [harness.request("GET", "/", {"Host": host}) for host in hosts]

        assert (api["kind"], api["url"], api["logical_id"]) == ("website", site.url, "Site")
        assert site.url.startswith("http://127.0.0.1:")
        for answer in (site.ask("/"), *by_host):
            assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"<h1>here</h1>", "text/html")

    def test_hosts_without_a_website_say_so(self, harness: WiredHarness, stacks: Stacks) -> None:
        bucket = physical_id(stacks.deploy({"Plain": {"Type": "AWS::S3::Bucket", "Properties": {}}}), "Plain")

        plain = harness.request("GET", "/", {"Host": f"{bucket}.s3-website-us-east-1.amazonaws.com"})

        assert plain.status == 404
        assert b"NoSuchWebsiteConfiguration" in plain.body

    def test_a_website_that_is_put_by_the_api_is_served_and_goes_when_it_is_deleted(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        bucket = physical_id(
            stacks.deploy(
                {"Plain": {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": OPEN}}}
            ),
            "Plain",
        )
        s3, host = harness.aws("s3"), {"Host": f"{bucket}.s3-website-us-east-1.amazonaws.com"}
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})

        refused = harness.request("GET", "/", host)
        s3.delete_bucket_website(Bucket=bucket)
        gone = harness.request("GET", "/", host)

        assert (refused.status, gone.status) == (403, 404)
        assert b"NoSuchWebsiteConfiguration" in gone.body

    def test_functions_reach_it_by_its_url_and_by_its_host(self, harness: WiredHarness, stacks: Stacks) -> None:
        source = """
        import os, urllib.request
        def handler(event, context):
            urls = (os.environ["URL"], "http://" + os.environ["HOST"])
            return [urllib.request.urlopen(url + "/a.txt").read().decode() for url in urls]
        """
        host = {"Fn::Select": [2, {"Fn::Split": ["/", URL]}]}
        asking = function("Asking", source, Environment={"Variables": {"URL": URL, "HOST": host}})
        site = deployed(harness, stacks, {**website(), **asking})
        site.put("a.txt", b"here")

        answer = harness.invoke(physical_id(site.deployment, "Asking"))

        assert answer.json() == ["here", "here"]

    def test_the_door_closes_with_the_stack(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, website())
        stacks.destroy()

        with pytest.raises(ConnectionError):
            site.ask("/")


class TestDocuments:
    def test_a_folder_has_an_index_and_a_path_without_its_slash_is_redirected(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        site = deployed(harness, stacks, website())
        site.put("index.html", b"root")
        site.put("docs/index.html", b"docs")
        site.put("docs/a b.txt", b"file")

        assert site.ask("/").body == b"root"
        assert site.ask("/docs/").body == b"docs"
        assert site.ask("/docs/a%20b.txt?acl&versionId=1").body == b"file"
        moved = site.ask("/docs")
        assert (moved.status, moved.headers["location"]) == (302, "/docs/")
        assert site.ask("/other").status == 403  # who may not list is not told what is missing

    def test_what_is_missing_is_told_by_the_error_document_to_who_may_list(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        may_list = statement("s3:ListBucket", {"Fn::GetAtt": ["Site", "Arn"]})
        site = deployed(harness, stacks, website(statements=[statement("s3:GetObject", objects("Site")), may_list]))

        without = site.ask("/missing")
        site.put("error.html", b"<p>sorry</p>", ContentType="text/html")
        with_document = site.ask("/missing")
        head = site.ask("/missing", method="HEAD")
        conditions = {
            "If-Match": '"other"',
            "If-None-Match": with_document.headers.get("etag", "*"),
            "If-Modified-Since": "Thu, 01 Jan 2060 00:00:00 GMT",
            "If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT",
            "If-Range": '"other"',
            "Range": "bytes=0-1",
        }
        conditional = [site.ask("/missing", headers={name: value}) for name, value in conditions.items()]

        assert without.status == 404
        assert b"<li>Code: NoSuchKey</li>" in without.body
        assert b"Retrieve a Custom Error Document" in without.body
        assert without.headers["content-type"].startswith("text/html")
        assert (with_document.status, with_document.body) == (404, b"<p>sorry</p>")
        assert (head.status, head.body, head.headers["content-length"]) == (404, b"", "12")
        assert [(each.status, each.body) for each in conditional] == [(404, b"<p>sorry</p>")] * len(conditions)

    def test_ranges_and_validators_are_the_objects(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, website())
        site.put("a.txt", b"0123456789")
        etag = site.ask("/a.txt").headers["etag"]

        head = site.ask("/a.txt", method="HEAD")
        part = site.ask("/a.txt", headers={"Range": "bytes=2-4"})
        unchanged = site.ask("/a.txt", headers={"If-None-Match": etag})

        assert (head.status, head.headers["content-length"], head.headers["etag"]) == (200, "10", etag)
        assert (part.status, part.body) == (206, b"234")
        assert unchanged.status == 304

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
    def test_only_reading_is_allowed(self, harness: WiredHarness, stacks: Stacks, method: str) -> None:
        site = deployed(harness, stacks, website(statements=[statement("s3:*", objects("Site"))]))
        site.put("a.txt")

        answer = site.ask("/a.txt", method=method)

        assert answer.status == 405
        assert b"MethodNotAllowed" in answer.body
        assert site.ask("/a.txt").status == 200


class TestAccess:
    @pytest.mark.parametrize(
        ("statements", "status"),
        [
            ([], 403),
            ([statement("s3:GetObject", objects("Site"))], 200),
            ([statement("s3:GetObject", objects("Site"), Principal={"Service": "cloudfront.amazonaws.com"})], 403),
            (
                [statement("s3:GetObject", objects("Site"), Condition={"StringLike": {"aws:Referer": "https://a/*"}})],
                403,
            ),
            (
                [
                    statement("s3:GetObject", objects("Site")),
                    statement(
                        "s3:*",
                        objects("Site"),
                        Effect="Deny",
                        Condition={"Bool": {"aws:SecureTransport": "false"}},
                    ),
                ],
                403,
            ),
        ],
        ids=["no policy", "everybody", "a service", "by the referer", "TLS only, which a website does not speak"],
    )
    def test_the_buckets_policy_decides(
        self, harness: WiredHarness, stacks: Stacks, statements: list[dict[str, Any]], status: int
    ) -> None:
        site = deployed(harness, stacks, website(statements=statements))
        site.put("a.txt", b"secret")

        answer = site.ask("/a.txt")

        assert answer.status == status
        assert (answer.body == b"secret") is (status == 200)
        if status == 403:
            assert b"<h1>403 Forbidden</h1>" in answer.body
            assert harness.events("AccessDenied")[-1]["principal"] == "anonymous"

    def test_a_referer_that_the_policy_names_is_let_in(self, harness: WiredHarness, stacks: Stacks) -> None:
        condition = {"StringLike": {"aws:Referer": "https://a.example/*"}}
        site = deployed(
            harness, stacks, website(statements=[statement("s3:GetObject", objects("Site"), Condition=condition)])
        )
        site.put("a.txt")

        assert site.ask("/a.txt", headers={"Referer": "https://a.example/page"}).status == 200

    def test_a_public_policy_counts_for_nothing_where_public_access_is_restricted(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        restricted = {**OPEN, "RestrictPublicBuckets": True}
        site = deployed(harness, stacks, website(PublicAccessBlockConfiguration=restricted))
        site.put("a.txt")

        assert site.ask("/a.txt").status == 403

    def test_lists_of_objects_count_where_they_are_on(self, harness: WiredHarness, stacks: Stacks) -> None:
        owned = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        site = deployed(harness, stacks, website(statements=[], OwnershipControls=owned))
        site.put("open.txt", ACL="public-read")
        site.put("closed.txt")

        assert (site.ask("/open.txt").status, site.ask("/closed.txt").status) == (200, 403)

    def test_signatures_do_not_count_at_a_website(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, website(statements=[]))
        site.put("a.txt")
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=ADMINISTRATOR/20260101/us-east-1/s3/aws4_request"}

        assert site.ask("/a.txt", headers=signed).status == 403

    def test_without_enforcement_everybody_reads(self, tmp_path: Path) -> None:
        with WiredHarness() as harness:
            stacks = Stacks(harness, tmp_path, "lenient")
            site = deployed(harness, stacks, website(statements=[]))
            site.put("a.txt", b"here")

            assert site.ask("/a.txt").body == b"here"


class TestRedirects:
    @pytest.mark.parametrize(
        ("protocol", "location"),
        [({}, "http://www.example.com/a/b%20c"), ({"Protocol": "https"}, "https://www.example.com/a/b%20c")],
        ids=["as asked", "by TLS"],
    )
    def test_everything_may_go_to_another_host(
        self, harness: WiredHarness, stacks: Stacks, protocol: dict[str, str], location: str
    ) -> None:
        everything = {"RedirectAllRequestsTo": {"HostName": "www.example.com", **protocol}}
        site = deployed(harness, stacks, website(everything))

        answer = site.ask("/a/b%20c")

        assert (answer.status, answer.headers["location"]) == (301, location)

    def test_everything_may_go_to_another_website_which_is_served_here(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        site = deployed(harness, stacks, website())
        to_site = {"RedirectAllRequestsTo": {"HostName": f"{site.bucket}.s3-website-us-east-1.amazonaws.com"}}
        other = deployed(harness, stacks, website(to_site))

        assert other.ask("/a").headers["location"] == f"{site.url}/a"

    def test_rules_redirect_by_prefix_and_by_error_the_first_one_first(
        self, harness: WiredHarness, stacks: Stacks
    ) -> None:
        rules = [
            {
                "RoutingRuleCondition": {"KeyPrefixEquals": "docs/"},
                "RedirectRule": {"ReplaceKeyPrefixWith": "documents/", "HttpRedirectCode": "302"},
            },
            {
                "RoutingRuleCondition": {"KeyPrefixEquals": "old/", "HttpErrorCodeReturnedEquals": "403"},
                "RedirectRule": {"ReplaceKeyWith": "gone.html", "Protocol": "https"},
            },
            {
                "RoutingRuleCondition": {"HttpErrorCodeReturnedEquals": "403"},
                "RedirectRule": {"HostName": "report.example.com", "ReplaceKeyPrefixWith": "404/"},
            },
        ]
        site = deployed(harness, stacks, website({**INDEX, "RoutingRules": rules}))
        site.put("docs/here.txt")
        site.put("old/here.txt", b"still")

        by_prefix, both, by_error = (site.ask(path) for path in ("/docs/here.txt", "/old/x", "/new/x"))

        assert (by_prefix.status, by_prefix.headers["location"]) == (302, f"http://{site.host}/documents/here.txt")
        assert (both.status, both.headers["location"]) == (301, f"https://{site.host}/gone.html")
        assert (by_error.status, by_error.headers["location"]) == (301, "http://report.example.com/404/new/x")
        assert site.ask("/old/here.txt").body == b"still"

    def test_an_object_may_be_a_redirect(self, harness: WiredHarness, stacks: Stacks) -> None:
        site = deployed(harness, stacks, website())
        site.put("page1.html", WebsiteRedirectLocation="/page2.html")

        answer = site.ask("/page1.html")

        assert (answer.status, answer.headers["location"]) == (301, "/page2.html")
        assert answer.body == b""
