"""Objects in S3 as the public, browsers and functions with a part of the permissions get at them.

Source: Amazon S3 User Guide, "Bucket policies", "Access control list (ACL) overview", "Sharing objects with presigned
URLs"; Amazon S3 API Reference, "DeleteObjects", "POST Object", "GetObject" (Permissions).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fakes.guarded_world import allow, ask, caller
from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import Stacks
from tests.fakes.wired_harness import Answer, WiredHarness

OPEN = {"BlockPublicPolicy": False, "RestrictPublicBuckets": False, "BlockPublicAcls": False, "IgnorePublicAcls": False}


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WiredHarness]:
    with WiredHarness(enforce_iam="strict") as running:
        stacks = Stacks(running, Path(tmp_path_factory.mktemp("objects")), "objects")
        stacks.deploy({**buckets(), **caller("cleaner", allow("s3:DeleteObject", "arn:aws:s3:::shelf/old/*"))})
        s3 = running.aws("s3")
        for key in ("open/a", "closed/a"):
            s3.put_object(Bucket="shelf", Key=key, Body=b"text")
        yield running


def buckets() -> Resources:
    """`shelf`, of which everybody reads what is in `open/`; `listed`, whose objects have lists of their own."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shelf/open/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    owned = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    return {
        "Shelf": bucket("shelf"),
        "ShelfPolicy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "shelf", "PolicyDocument": policy}}
        | {"DependsOn": "Shelf"},
        "Listed": bucket("listed", OwnershipControls=owned),
        "Plain": bucket("plain-lists"),
    }


def bucket(name: str, **properties: object) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {"BucketName": name, "PublicAccessBlockConfiguration": OPEN, **properties},
    }


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/shelf/open/a", {}, 200),
        ("HEAD", "/shelf/open/a", {}, 200),
        ("GET", "/open/a", {"Host": "shelf.s3.amazonaws.com"}, 200),
        ("GET", "/shelf/closed/a", {}, 403),
        ("GET", "/shelf/open/nothing", {}, 403),
        ("GET", "/shelf", {}, 403),
        ("PUT", "/shelf/open/new", {}, 403),
        ("PUT", "/shelf/open/new", {"Content-Type": "application/x-www-form-urlencoded"}, 403),
        ("DELETE", "/shelf/open/a", {}, 403),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_the_public_may_what_the_bucket_policy_says(
    harness: WiredHarness, method: str, path: str, headers: Mapping[str, str], status: int
) -> None:
    answer = harness.request(method, path, headers, b"x" if method == "PUT" else None)

    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    ("name", "acl", "status"),
    [("listed", "public-read", 200), ("listed", "private", 403), ("plain-lists", "public-read", 403)],
    ids=["public", "private", "lists that are off"],
)
def test_an_object_s_own_list_counts_where_lists_are_on(
    harness: WiredHarness, name: str, acl: str, status: int
) -> None:
    harness.aws("s3").put_object(Bucket=name, Key=f"{acl}.txt", Body=b"text", ACL=acl)

    assert harness.request("GET", f"/{name}/{acl}.txt").status == status


def test_a_public_list_counts_for_nothing_where_it_is_blocked(harness: WiredHarness) -> None:
    s3 = harness.aws("s3")
    s3.put_object(Bucket="listed", Key="blocked.txt", Body=b"text", ACL="public-read")
    s3.put_public_access_block(Bucket="listed", PublicAccessBlockConfiguration={**OPEN, "IgnorePublicAcls": True})

    blocked = harness.request("GET", "/listed/blocked.txt").status
    s3.put_public_access_block(Bucket="listed", PublicAccessBlockConfiguration=OPEN)

    assert (blocked, harness.request("GET", "/listed/blocked.txt").status) == (403, 200)


def test_of_several_objects_those_that_may_be_are_deleted(harness: WiredHarness) -> None:
    s3 = harness.aws("s3")
    for key in ("old/1", "kept/<1>"):
        s3.put_object(Bucket="shelf", Key=key, Body=b"")
    keys = [{"Key": "old/1"}, {"Key": "kept/<1>"}]

    answer = ask(harness, "cleaner", "s3", "delete_objects", Bucket="shelf", Delete={"Objects": keys})

    (error,) = answer["errors"]
    assert (error["Key"], error["Code"]) == ("kept/<1>", "AccessDenied")
    assert "not authorized to perform: s3:DeleteObject on resource" in error["Message"]
    left = {entry["Key"] for entry in s3.list_objects_v2(Bucket="shelf")["Contents"]}
    assert "old/1" not in left
    assert "kept/<1>" in left


def test_objects_none_of_which_may_be_deleted_are_errors_in_an_answer(harness: WiredHarness) -> None:
    keys = [{"Key": "kept/1"}, {"Key": "kept/2"}]

    answer = ask(harness, "cleaner", "s3", "delete_objects", Bucket="shelf", Delete={"Objects": keys})

    assert answer["code"] == ""
    assert [error["Key"] for error in answer["errors"]] == ["kept/1", "kept/2"]


@pytest.fixture(scope="module")
def uploader(harness: WiredHarness) -> Any:
    """A client of a user who may put objects below `in/`."""
    import json

    import boto3

    iam = harness.aws("iam")
    iam.create_user(UserName="browser")
    document = {"Version": "2012-10-17", "Statement": [allow("s3:PutObject", "arn:aws:s3:::shelf/in/*")]}
    iam.put_user_policy(UserName="browser", PolicyName="own", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="browser")["AccessKey"]
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{harness.port}",
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def post(harness: WiredHarness, form: Mapping[str, Any], body: bytes = b"text", **changed: str) -> Answer:
    boundary = uuid.uuid4().hex
    fields = {**form["fields"], **changed}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="own name.txt"\r\n\r\n'
    content = "".join(parts).encode() + head.encode() + body + f"\r\n--{boundary}--\r\n".encode()
    path = urlsplit(form["url"]).path
    return harness.request("POST", path, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, content)


def test_a_browser_posts_what_the_signer_of_its_form_may_put(harness: WiredHarness, uploader: Any) -> None:
    form = uploader.generate_presigned_post("shelf", "in/${filename}")

    answer = post(harness, form)

    assert answer.status in (200, 204), answer.body
    assert harness.aws("s3").get_object(Bucket="shelf", Key="in/own name.txt")["Body"].read() == b"text"


def test_a_browser_posts_nothing_that_the_signer_may_not_put(harness: WiredHarness, uploader: Any) -> None:
    answer = post(harness, uploader.generate_presigned_post("shelf", "out/a"))

    assert answer.status == 403
    assert b"not authorized to perform: s3:PutObject on resource: " in answer.body


@pytest.mark.parametrize(
    ("conditions", "changed", "body", "status", "problem"),
    [
        ([["starts-with", "$key", "in/"]], {"key": "in/b"}, b"", 204, b""),
        ([], {"key": "in/b"}, b"", 403, b"Policy Condition failed"),
        ([], {"x-amz-meta-more": "1"}, b"", 403, b"Extra input fields: x-amz-meta-more"),
        ([], {"x-ignore-more": "1"}, b"", 204, b""),
        ([["content-length-range", 1, 3]], {}, b"", 400, b"EntityTooSmall"),
        ([["content-length-range", 1, 3]], {}, b"abc", 204, b""),
        ([["content-length-range", 1, 3]], {}, b"abcd", 400, b"EntityTooLarge"),
    ],
    ids=["prefix", "another key", "extra", "ignored", "small", "fits", "large"],
)
def test_a_form_says_what_its_policy_lets_it(
    harness: WiredHarness,
    uploader: Any,
    conditions: list[Any],
    changed: dict[str, str],
    body: bytes,
    status: int,
    problem: bytes,
) -> None:
    has_key = any("$key" in condition for condition in conditions)
    form = uploader.generate_presigned_post("shelf", "in/${filename}" if has_key else "in/a", Conditions=conditions)

    answer = post(harness, form, body, **changed)

    assert answer.status == status, answer.body
    assert problem in answer.body
