"""What distributions of CloudFront refer to: policies, functions, access controls, identities, keys.

Each is kept as its template describes it, where distributions find it; the service's API does not show them.
Source: CloudFormation Template Reference, "AWS::CloudFront::CachePolicy" and the pages beside it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource, ResourceRefused
from lambdakit.harness.deployment.provisioners.moto_backed import properties_of
from lambdakit.harness.deployment.provisioners.recorded import Recorded
from lambdakit.harness.routing.distribution.parts import Part

_CODE_BYTES_MAX: Final = 10 * 1024


class DistributionPart:
    """Every resource of one such type."""

    def __init__(self, properties: PropertyTree) -> None:
        self.properties = properties

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Keeps the resource."""
        schema = resource_type(resource.type)
        assert schema is not None
        recorded = Recorded(schema).create(resource, context)
        provisioned = Provisioned(
            physical_id=_global(recorded.physical_id, resource),
            attributes={name: _global(value, resource) for name, value in recorded.attributes.items()},
        )
        if context.content is not None:
            part = Part(
                id=provisioned.physical_id,
                properties=resource.properties,
                attributes=provisioned.attributes,
                values=self.values(resource, context),
            )
            context.content.distributions.parts.put(resource.type, part)
        return provisioned

    def values(self, resource: Resource, context: Context) -> Mapping[str, str]:
        """What a key value store holds; nothing of other types."""
        del resource, context
        return {}

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Keeps the resource as it is now; distributions go by it from their next request on."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Forgets the resource."""
        if context.content is not None:
            context.content.distributions.parts.take_away(created.resource.type, created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """There is nothing to bring back."""


class Function(DistributionPart):
    """A CloudFront function."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Keeps the function. Source: "Quotas on CloudFront Functions" ("Maximum function size": 10 KB)."""
        code = resource.properties.get("FunctionCode")
        if isinstance(code, str) and len(code.encode()) > _CODE_BYTES_MAX:
            problem = f"The function's code has {len(code.encode())} bytes, and may have {_CODE_BYTES_MAX}"
            raise ResourceRefused(problem, property_pointer="FunctionCode")
        return DistributionPart.create(self, resource, context)


class KeyValueStore(DistributionPart):
    """A key value store, with what it imports when it is made; its data API is not served."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Keeps the store."""
        provisioned = DistributionPart.create(self, resource, context)
        arn = f"arn:aws:cloudfront::{resource.account_id}:key-value-store/{provisioned.attributes['Id']}"
        provisioned = Provisioned(
            physical_id=provisioned.physical_id, attributes={**provisioned.attributes, "Arn": arn, "Status": "READY"}
        )
        if context.content is not None:
            parts = context.content.distributions.parts
            kept = parts.find("KeyValueStore", provisioned.physical_id)
            assert kept is not None
            parts.put(resource.type, dataclasses.replace(kept, attributes=provisioned.attributes))
        return provisioned

    def values(self, resource: Resource, context: Context) -> Mapping[str, str]:
        """What the store imports. Source: "Create a file of key-value pairs" (`data`, `key`, `value`)."""
        source = resource.properties.get("ImportSource")
        if not source:
            return {}
        bucket, _, key = str(source.get("SourceArn")).rpartition(":")[2].partition("/")
        try:
            content = context.client("s3", resource).get_object(Bucket=bucket, Key=key)["Body"].read()
            return {str(each["key"]): str(each["value"]) for each in json.loads(content)["data"]}
        except (ClientError, ValueError, TypeError, LookupError) as error:
            problem = f"s3://{bucket}/{key} cannot be imported: {error}"
            raise ResourceRefused(problem, property_pointer="ImportSource") from None


def _global(value: Any, resource: Resource) -> Any:
    """ARNs of CloudFront name no region."""
    if not isinstance(value, str):
        return value
    return value.replace(f"arn:aws:cloudfront:{resource.region}:", "arn:aws:cloudfront::")


CACHE_POLICY: Final = DistributionPart(properties_of(read="CachePolicyConfig"))
FUNCTION: Final = Function(
    properties_of(read="AutoPublish FunctionCode FunctionConfig Name", recorded="FunctionMetadata Tags")
)
IDENTITY: Final = DistributionPart(properties_of(read="CloudFrontOriginAccessIdentityConfig"))
KEY_GROUP: Final = DistributionPart(properties_of(read="KeyGroupConfig"))
KEY_VALUE_STORE: Final = KeyValueStore(properties_of(read="ImportSource Name", recorded="Comment Tags"))
ORIGIN_ACCESS_CONTROL: Final = DistributionPart(properties_of(read="OriginAccessControlConfig"))
ORIGIN_REQUEST_POLICY: Final = DistributionPart(properties_of(read="OriginRequestPolicyConfig"))
PUBLIC_KEY: Final = DistributionPart(properties_of(read="PublicKeyConfig"))
RESPONSE_HEADERS_POLICY: Final = DistributionPart(properties_of(read="ResponseHeadersPolicyConfig"))
