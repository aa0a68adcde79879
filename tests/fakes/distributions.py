"""Templates with distributions of CloudFront, and the distribution that comes of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.fakes.plain_assembly import Resources
from tests.fakes.stacks import physical_id
from tests.fakes.wired_harness import Answer, WiredHarness, request

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
URLS = {
    "Url": {"Fn::Join": ["", ["https://", {"Fn::GetAtt": ["Site", "DomainName"]}]]},
    "Plain": {"Fn::Join": ["", ["http://", {"Fn::GetAtt": ["Site", "DomainName"]}]]},
}


def behavior(target: str = "origin", **more: Any) -> dict[str, Any]:
    """A behaviour that keeps nothing, unless it says so."""
    return {"TargetOriginId": target, "ViewerProtocolPolicy": "allow-all", "CachePolicyId": DISABLED, **more}


def distribution(origins: list[dict[str, Any]], default: dict[str, Any] | None = None, **more: Any) -> Resources:
    """The resource `Site`."""
    config = {"Enabled": True, "Origins": origins, "DefaultCacheBehavior": default or behavior(), **more}
    return {"Site": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": config}}}


def bucket_origin(bucket: str = "Bucket", origin_id: str = "origin", **more: Any) -> dict[str, Any]:
    """A bucket's REST API, signed by the access control `Control` unless something else is said."""
    return {
        "Id": origin_id,
        "DomainName": {"Fn::GetAtt": [bucket, "RegionalDomainName"]},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": {"Fn::GetAtt": ["Control", "Id"]},
        **more,
    }


def custom_origin(domain: Any, origin_id: str = "origin", **more: Any) -> dict[str, Any]:
    """Any other origin, by HTTPS."""
    config = {"OriginProtocolPolicy": "https-only", **more.pop("CustomOriginConfig", {})}
    return {"Id": origin_id, "DomainName": domain, "CustomOriginConfig": config, **more}


def access_control(kind: str = "s3", behavior: str = "always") -> Resources:
    """The access control `Control`."""
    config = {
        "Name": "control",
        "OriginAccessControlOriginType": kind,
        "SigningBehavior": behavior,
        "SigningProtocol": "sigv4",
    }
    properties = {"OriginAccessControlConfig": config}
    return {"Control": {"Type": "AWS::CloudFront::OriginAccessControl", "Properties": properties}}


SITE_ARN = {"Fn::Sub": "arn:aws:cloudfront::${AWS::AccountId}:distribution/${Site}"}


def readable_bucket(
    name: str = "Bucket", *, source_arn: Any = None, actions: Any = "s3:GetObject", principal: Any = None
) -> Resources:
    """A bucket that CloudFront may read on behalf of the distribution `Site`, unless something else is said."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "cloudfront.amazonaws.com"},
        "Action": actions,
        "Resource": [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Join": ["", [{"Fn::GetAtt": [name, "Arn"]}, "/*"]]}],
    }
    if principal is None:
        statement["Condition"] = {"StringEquals": {"AWS:SourceArn": source_arn or SITE_ARN}}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {
        name: {"Type": "AWS::S3::Bucket", "Properties": {}},
        f"{name}Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": name}, "PolicyDocument": document},
        },
    }


class Site:
    """A deployed distribution. url, plain: where those who come by HTTPS and by HTTP are answered."""

    def __init__(self, harness: WiredHarness, deployment: dict[str, Any]) -> None:
        self.harness = harness
        self.deployment = deployment
        self.id = physical_id(deployment, "Site")
        (stack,) = deployment["stacks"].values()
        self.domain = str(stack["resources"]["Site"]["attributes"]["DomainName"])
        self.url, self.plain = str(stack["outputs"]["Url"]), str(stack["outputs"]["Plain"])

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        plain: bool = False,
    ) -> Answer:
        """The answer to one request."""
        port = urlsplit(self.plain if plain else self.url).port or 0
        return request(port, method, path, headers, body)

    def put(self, key: str, body: bytes = b"x", bucket: str = "Bucket", **more: Any) -> None:
        """Puts an object into a bucket of the stack."""
        name = physical_id(self.deployment, bucket)
        self.harness.aws("s3").put_object(Bucket=name, Key=key, Body=body, **more)

    def invalidate(self, *paths: str) -> None:
        """Has the distribution forget some paths."""
        batch = {"Paths": {"Quantity": len(paths), "Items": list(paths)}, "CallerReference": str(paths)}
        self.harness.aws("cloudfront").create_invalidation(DistributionId=self.id, InvalidationBatch=batch)

    def problem(self) -> str:
        """What the trace says of the distribution's last answer."""
        answered = [each for each in self.harness.events("RequestAnswered") if each["door"] == "distribution"]
        return str(answered[-1]["problem"])


def empty_buckets(harness: WiredHarness) -> None:
    """Deletes every object of every bucket, so that the buckets may go."""
    s3 = harness.aws("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for held in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            s3.delete_object(Bucket=bucket["Name"], Key=held["Key"])
