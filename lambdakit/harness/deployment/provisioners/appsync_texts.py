"""Texts of AppSync's resources that may lie in S3, schemas, templates and code, and what is wrong with code.

Source: CloudFormation Template Reference, "AWS::AppSync::GraphQLSchema" (`DefinitionS3Location`),
"AWS::AppSync::Resolver" (`CodeS3Location` and the templates').
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Context, Resource, ResourceRefused

_IN_S3: Final = re.compile(
    r"s3://(?P<bucket>[^/]+)/(?P<key>.+)"
    r"|https?://(?P<virtual>[^./]+)\.s3[.-][^/]*amazonaws\.com(?:\.cn)?/(?P<under>.+)"
    r"|https?://s3[.-][^/]*amazonaws\.com(?:\.cn)?/(?P<path>[^/]+)/(?P<rest>.+)"
)


def with_texts(resource: Resource, context: Context, names: Sequence[str]) -> dict[str, Any]:
    """The resource's properties, each of the texts in place of where it lies."""
    given = dict(resource.properties)
    for name in names:
        location = f"{name}S3Location"
        text = text_of(resource, context, name, location)
        given.pop(location, None)
        if text is not None:
            given[name] = text
    return given


def text_of(resource: Resource, context: Context, name: str, location: str) -> str | None:
    """The text that a property is, or that lies where another says; None for neither. ResourceRefused."""
    text, place = resource.properties.get(name), resource.properties.get(location)
    if text is not None or place is None:
        return None if text is None else str(text)
    found = _IN_S3.fullmatch(str(place))
    if found is None:
        raise ResourceRefused(f"{place} is no location in S3", property_pointer=location, hint="write s3://BUCKET/KEY")
    bucket = found["bucket"] or found["virtual"] or found["path"]
    key = found["key"] or found["under"] or found["rest"]
    asset = context.asset(bucket, key)
    if asset is not None:
        return asset.read_text(encoding="utf-8")
    try:
        body = context.client("s3", resource).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise ResourceRefused(
            f"{place} cannot be read: {error.response['Error'].get('Message', '')}", property_pointer=location
        ) from None
    return str(body.decode())


@contextlib.contextmanager
def code_errors_told(resource: Resource) -> Iterator[None]:
    """Has a refusal of code say what is wrong with it; AppSync's message leaves it to the error's details."""
    try:
        yield
    except ClientError as error:
        response: Any = error.response
        found = response.get("detail", {}).get("codeErrors", ())
        if not found:
            raise
        problems = " ".join(str(each["value"]) for each in found)
        where = "Code" if "Code" in resource.properties else "CodeS3Location"
        raise ResourceRefused(f"{response['Error']['Message']} {problems}", property_pointer=where) from None
