"""Signed URLs and signed cookies of distributions, signed as botocore's signer does.

Source: Amazon CloudFront Developer Guide, "Create a signed URL using a canned policy", "Create a signed URL using a
custom policy", "Set signed cookies using a canned policy", "Set signed cookies using a custom policy".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.fakes.distributions import ALL_VIEWER, URLS, Site, behavior, custom_origin, distribution
from tests.fakes.http_receiver import HttpReceiver
from tests.fakes.plain_assembly import write_stack
from tests.fakes.stacks import physical_id
from tests.fakes.wired_harness import Answer, WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-distribution-signed")

HOST = "signed.example.com"
TRUSTED, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


def encoded(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key(name: str, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    config = {"CallerReference": name, "Name": name, "EncodedKey": encoded(key)}
    return {name: {"Type": "AWS::CloudFront::PublicKey", "Properties": {"PublicKeyConfig": config}}}


@pytest.fixture(scope="module")
def harness() -> Iterator[WiredHarness]:
    with WiredHarness() as running:
        yield running


@pytest.fixture(scope="module")
def receiver(harness: WiredHarness) -> Iterator[HttpReceiver]:
    with HttpReceiver((200, b"private")) as running:
        harness.call("POST", "outside", {"bind": HOST, "url": running.url})
        yield running


@pytest.fixture(scope="module")
def site(harness: WiredHarness, receiver: HttpReceiver, tmp_path_factory: pytest.TempPathFactory) -> Site:
    del receiver
    config = {"Name": "group", "Items": [{"Ref": "Trusted"}]}
    resources = {
        **public_key("Trusted", TRUSTED),
        **public_key("Other", OTHER),
        "Group": {"Type": "AWS::CloudFront::KeyGroup", "Properties": {"KeyGroupConfig": config}},
        **distribution(
            [custom_origin(HOST)],
            behavior(OriginRequestPolicyId=ALL_VIEWER, TrustedKeyGroups=[{"Ref": "Group"}]),
            CacheBehaviors=[
                behavior(PathPattern="/open/*"),
                behavior(PathPattern="/accounts/*", TrustedSigners=["self"]),
            ],
        ),
    }
    deployment = harness.deploy(write_stack(tmp_path_factory.mktemp("assembly"), "signed", resources, **URLS))
    return Site(harness, deployment)


def signer(site: Site, key: rsa.RSAPrivateKey = TRUSTED, name: str = "Trusted") -> CloudFrontSigner:
    def sign(message: bytes) -> bytes:
        return key.sign(message, padding.PKCS1v15(), SHA1())

    return CloudFrontSigner(physical_id(site.deployment, name), sign)


def now(site: Site) -> datetime:
    """The harness's time."""
    answer = site.harness.call("POST", "clock", {"advance_seconds": 0})
    return datetime.fromisoformat(answer.json()["now"])


def policy(url: str, begins: datetime | None = None, **more: Any) -> str:
    condition: dict[str, Any] = {
        "DateLessThan": {"AWS:EpochTime": int((begins or datetime.now(UTC)).timestamp()) + 600}
    }
    if begins is not None:
        condition["DateGreaterThan"] = {"AWS:EpochTime": int(begins.timestamp())}
    document = {"Statement": [{"Resource": url, "Condition": {**condition, **more}}]}
    return json.dumps(document, separators=(",", ":"))


def visit(site: Site, url: str, **more: Any) -> Answer:
    """Asks the door for a URL of the distribution's domain, or of its own."""
    return site.ask("/" + url.split("/", 3)[3], **more)


class TestUrls:
    @pytest.mark.parametrize("by", ["the domain", "this machine's address"])
    def test_a_canned_policy_lets_in_until_it_expires(self, site: Site, receiver: HttpReceiver, by: str) -> None:
        base = f"https://{site.domain}" if by == "the domain" else site.url
        expires = now(site) + timedelta(seconds=60)
        url = signer(site).generate_presigned_url(f"{base}/a.txt?x=1", date_less_than=expires)

        before = visit(site, url)
        path = receiver.received[-1].path
        site.harness.call("POST", "clock", {"advance_seconds": 61})
        after = visit(site, url)

        assert (before.status, before.body, path) == (200, b"private", "/a.txt?x=1")
        assert (after.status, site.problem()) == (403, "the policy has expired")

    def test_a_custom_policy_names_many_urls(self, site: Site) -> None:
        url = f"https://{site.domain}/dir/a.txt"
        signed = signer(site).generate_presigned_url(
            url, policy=policy(f"https://{site.domain}/dir/*", now(site) - timedelta(seconds=5))
        )
        query = signed.partition("?")[2]

        assert visit(site, signed).status == 200
        assert site.ask(f"/dir/b.txt?{query}").status == 200
        assert site.ask(f"/other/a.txt?{query}").status == 403

    @pytest.mark.parametrize(
        ("condition", "begins", "status", "why"),
        [
            ({}, -5, 200, ""),
            ({}, 60, 403, "not valid yet"),
            ({"IpAddress": {"AWS:SourceIp": "127.0.0.0/8"}}, -5, 200, ""),
            ({"IpAddress": {"AWS:SourceIp": "192.0.2.0/24"}}, -5, 403, "not for the address"),
            ({"DateLessThan": {"AWS:EpochTime": 1}}, -5, 403, "expired"),
        ],
        ids=["good", "too early", "an address", "another address", "too late"],
    )
    def test_the_conditions_of_a_policy_count(
        self, site: Site, condition: dict[str, Any], begins: int, status: int, why: str
    ) -> None:
        url = f"https://{site.domain}/a.txt"
        written = policy(url, now(site) + timedelta(seconds=begins), **condition)

        answer = visit(site, signer(site).generate_presigned_url(url, policy=written))

        assert answer.status == status
        assert why in site.problem()

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda url: url.partition("?")[0], "nothing is signed"),
            (lambda url: url.replace("/a.txt", "/b.txt"), "not that of key"),
            (lambda url: url.replace("Signature=", "Signature=AAAA"), "not that of key"),
            (lambda url: url.replace("Signature=", "Signature=%25"), "no base64"),
            (lambda url: url.replace("Expires=", "Expires=9"), "not that of key"),
            (lambda url: url.replace("Key-Pair-Id=", "Key-Pair-Id=K"), "in no key group"),
        ],
        ids=["unsigned", "another path", "another signature", "no base64", "another time", "another key"],
    )
    def test_what_was_not_signed_like_that_is_refused(self, site: Site, change: Any, why: str) -> None:
        expires = now(site) + timedelta(seconds=60)
        url = signer(site).generate_presigned_url(f"https://{site.domain}/a.txt", date_less_than=expires)

        answer = visit(site, change(url))

        assert answer.status == 403
        assert b"private" not in answer.body
        assert why in site.problem()

    def test_a_key_that_the_group_does_not_have_is_not_trusted(self, site: Site) -> None:
        expires = now(site) + timedelta(seconds=60)
        url = f"https://{site.domain}/a.txt"
        other = signer(site, OTHER, "Other").generate_presigned_url(url, date_less_than=expires)
        forged = signer(site, OTHER, "Trusted").generate_presigned_url(url, date_less_than=expires)

        assert (visit(site, other).status, visit(site, forged).status) == (403, 403)

    def test_other_behaviours_let_everybody_in_and_keys_of_accounts_let_nobody_in(self, site: Site) -> None:
        assert site.ask("/open/a.txt").status == 200
        assert site.ask("/accounts/a.txt").status == 403


class TestCookies:
    def test_cookies_let_in_as_urls_do(self, site: Site, receiver: HttpReceiver) -> None:
        written = policy(f"https://{site.domain}/dir/*", now(site) - timedelta(seconds=5))
        signed = signer(site).generate_presigned_url(f"https://{site.domain}/dir/a", policy=written)
        values = dict(part.split("=", 1) for part in signed.partition("?")[2].split("&"))
        cookies = "; ".join(f"CloudFront-{name}={value}" for name, value in values.items())

        inside = site.ask("/dir/a.txt", headers={"Cookie": f"other=1; {cookies}"})
        outside = site.ask("/a.txt", headers={"Cookie": cookies})

        assert (inside.status, outside.status) == (200, 403)
        assert receiver.received[-1].path == "/dir/a.txt"
