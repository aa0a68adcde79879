"""`AWS::Events::Connection` and `AWS::Events::ApiDestination`.

Source: CloudFormation Template Reference, "AWS::Events::Connection" and "AWS::Events::ApiDestination".
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.harness.deployment.property_tree import RECORDED, PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.service_call import call
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    already_exists,
    change,
    is_there,
    unless_gone,
    without,
)

_GONE: Final = ("ResourceNotFoundException",)
_HTTP: Final = reads(
    BodyParameters=reads("IsValueSecret Key Value"),
    HeaderParameters=reads("IsValueSecret Key Value"),
    QueryStringParameters=reads("IsValueSecret Key Value"),
)


class Connection(HoldsNothing):
    """A connection, with the secret that EventBridge keeps for it. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = {
        **reads("AuthorizationType Description Name"),
        "AuthParameters": {
            **reads(
                ApiKeyAuthParameters=reads("ApiKeyName ApiKeyValue"),
                BasicAuthParameters=reads("Password Username"),
                InvocationHttpParameters=_HTTP,
                OAuthParameters=reads(
                    "AuthorizationEndpoint HttpMethod",
                    ClientParameters=reads("ClientID ClientSecret"),
                    OAuthHttpParameters=_HTTP,
                ),
            ),
            "ConnectivityParameters": RECORDED,
        },
        **records("InvocationConnectivityParameters KmsKeyIdentifier"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the connection."""
        events = context.client("events", resource)
        properties = resource.properties
        name = properties.get("Name") or resource.generated_name(length_max=64)
        if properties.get("Name") and is_there(lambda: events.describe_connection(Name=name), *_GONE):
            raise already_exists(resource, name, "Name")
        call(events, "create_connection", _fields(properties), Name=name)
        made = events.describe_connection(Name=name)
        return Provisioned(
            physical_id=name,
            attributes={
                "Arn": made["ConnectionArn"],
                "ArnForPolicy": made["ConnectionArn"].rpartition("/")[0],
                "SecretArn": made["SecretArn"],
            },
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes how the connection authorizes."""
        events = context.client("events", resource)
        name = created.provisioned.physical_id
        setting = Setting(
            ("AuthorizationType", "AuthParameters", "Description"),
            lambda _, new: call(events, "update_connection", _fields(new), Name=name),
        )
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the connection with its secret."""
        with unless_gone(*_GONE):
            context.client("events", created.resource).delete_connection(Name=created.provisioned.physical_id)


class ApiDestination(HoldsNothing):
    """An HTTP endpoint that rules may name. `Ref` gives its name."""

    properties: ClassVar[PropertyTree] = reads(
        "ConnectionArn Description HttpMethod InvocationEndpoint InvocationRateLimitPerSecond Name"
    )

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the destination."""
        events = context.client("events", resource)
        properties = resource.properties
        name = properties.get("Name") or resource.generated_name(length_max=64)
        if properties.get("Name") and is_there(lambda: events.describe_api_destination(Name=name), *_GONE):
            raise already_exists(resource, name, "Name")
        defaults = {"Description": "", "InvocationRateLimitPerSecond": 300}
        arn = call(events, "create_api_destination", {**defaults, **properties}, Name=name)["ApiDestinationArn"]
        return Provisioned(physical_id=name, attributes={"Arn": arn, "ArnForPolicy": arn.rpartition("/")[0]})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes the endpoint."""
        events = context.client("events", resource)
        name = created.provisioned.physical_id
        # EventBridge API Reference, "CreateApiDestination": 300 a second when it is not said.
        defaults = {"Description": "", "InvocationRateLimitPerSecond": 300}
        setting = Setting(
            ("ConnectionArn", "Description", "HttpMethod", "InvocationEndpoint", "InvocationRateLimitPerSecond"),
            lambda _, new: call(events, "update_api_destination", {**defaults, **new}, Name=name),
        )
        change([setting], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the destination."""
        with unless_gone(*_GONE):
            context.client("events", created.resource).delete_api_destination(Name=created.provisioned.physical_id)


def _fields(properties: Properties) -> dict[str, Any]:
    return {"Description": "", **without(properties, "InvocationConnectivityParameters", "KmsKeyIdentifier")}
