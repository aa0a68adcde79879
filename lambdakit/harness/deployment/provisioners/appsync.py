"""`AWS::AppSync`: GraphQL APIs, their schemas, data sources, resolvers, functions, keys and caches.

Event APIs are moto's: they stand in the account with their keys, and nobody publishes or subscribes.

Source: CloudFormation Template Reference, "AWS::AppSync::GraphQLApi" and the pages beside it.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.assembly.provider_schemas import resource_type
from lambdakit.harness.deployment.property_tree import READ, PropertyTree, reads, records
from lambdakit.harness.deployment.provisioner import (
    Context,
    Created,
    Provisioned,
    Resource,
    ResourceRefused,
    undone_on_failure,
)
from lambdakit.harness.deployment.provisioners.appsync_texts import code_errors_told, text_of, with_texts
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, properties_of
from lambdakit.harness.deployment.provisioners.moto_backed import call as call_of
from lambdakit.harness.deployment.provisioners.recorded import Recorded
from lambdakit.harness.deployment.service_call import call, tag_map
from lambdakit.harness.deployment.settings import (
    HoldsNothing,
    Properties,
    Setting,
    change,
    is_there,
    tags_setting,
    unless_gone,
    without,
)

_GONE: Final = ("NotFoundException",)
_POOL: Final = reads("AppIdClientRegex AwsRegion DefaultAction UserPoolId")
_OIDC: Final = reads("AuthTTL ClientId IatTTL Issuer")
_AUTHORIZER: Final = reads("AuthorizerResultTtlInSeconds AuthorizerUri IdentityValidationExpression")


class GraphqlApi:
    """A GraphQL API. `Ref` gives its ARN."""

    properties: ClassVar[PropertyTree] = {
        **reads(
            "ApiType AuthenticationType EnvironmentVariables IntrospectionConfig Name QueryDepthLimit"
            " ResolverCountLimit Tags",
            AdditionalAuthenticationProviders=reads(
                "AuthenticationType",
                LambdaAuthorizerConfig=_AUTHORIZER,
                OpenIDConnectConfig=_OIDC,
                UserPoolConfig=_POOL,
            ),
            LambdaAuthorizerConfig=_AUTHORIZER,
            LogConfig=reads("CloudWatchLogsRoleArn ExcludeVerboseContent FieldLogLevel"),
            OpenIDConnectConfig=_OIDC,
            UserPoolConfig=_POOL,
        ),
        **records("EnhancedMetricsConfig MergedApiExecutionRoleArn OwnerContact Visibility XrayEnabled"),
    }

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the API, which is served from then on."""
        client, properties = context.client("appsync", resource), resource.properties
        made = call(client, "create_graphql_api", _settings(properties), tags=tag_map(properties.get("Tags")) or None)
        api = made["graphqlApi"]
        provisioned = _api_provisioned(api)
        with undone_on_failure(lambda: client.delete_graphql_api(apiId=api["apiId"])):
            _put_variables(client, api["apiId"], properties)
        return provisioned

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts settings, variables and tags in place."""
        client = context.client("appsync", resource)
        api_id, arn = created.provisioned.attributes["ApiId"], created.provisioned.physical_id

        def settings(_: Properties, new: Properties) -> None:
            call(client, "update_graphql_api", _settings(new), apiId=api_id)

        names = tuple(name for name in self.properties if name not in ("Tags", "EnvironmentVariables"))
        variables = Setting(("EnvironmentVariables",), lambda _, new: _put_variables(client, api_id, new))
        tags = tags_setting(
            lambda tags: client.tag_resource(resourceArn=arn, tags=tags),
            lambda keys: client.untag_resource(resourceArn=arn, tagKeys=keys),
        )
        change([Setting(names, settings), variables, tags], created.resource.properties, resource.properties)
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the API with all its parts."""
        with unless_gone(*_GONE):
            context.client("appsync", created.resource).delete_graphql_api(
                apiId=created.provisioned.attributes["ApiId"]
            )

    def reset(self, created: Created, context: Context) -> None:
        """Ends the connections of subscribers, and forgets what functions said of who asks."""
        context.doors.reset(str(created.provisioned.attributes["GraphQLDns"]).partition(".")[0])


class GraphqlSchema(HoldsNothing):
    """The schema of an API. It goes with its API: AppSync has no operation that takes a schema away."""

    properties: ClassVar[PropertyTree] = reads("ApiId Definition DefinitionS3Location")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Gives the API its schema."""
        client, api_id = context.client("appsync", resource), resource.properties.get("ApiId")
        text = text_of(resource, context, "Definition", "DefinitionS3Location")
        if text is None:
            raise ResourceRefused("One of Definition and DefinitionS3Location is required")
        client.start_schema_creation(apiId=api_id, definition=text.encode())
        status = client.get_schema_creation_status(apiId=api_id)
        if status["status"] == "FAILED":
            raise ResourceRefused(
                f"Schema Creation Status is FAILED with details: {status.get('details')}", property_pointer="Definition"
            )
        identity = f"{api_id}GraphQLSchema"
        return Provisioned(physical_id=identity, attributes={"Id": identity})

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Gives the API the new schema."""
        del created
        return self.create(resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Goes with its API."""


class _Part(HoldsNothing):
    """A part of an API that one operation makes, one changes and one deletes.

    name: of the part in the operations' names. answer: the member of their answers that holds it. texts: properties
    that may lie in S3. attributes: `Fn::GetAtt` -> member. reference: the attribute that `Ref` gives.
    """

    def __init__(
        self,
        name: str,
        answer: str,
        properties: PropertyTree,
        *,
        key: dict[str, str],
        attributes: dict[str, str],
        reference: str,
        texts: tuple[str, ...] = (),
    ) -> None:
        self.properties = properties
        self._name = name
        self._answer = answer
        self._key = key
        self._attributes = attributes
        self._reference = reference
        self._texts = texts

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the part."""
        given = with_texts(resource, context, self._texts)
        with code_errors_told(resource):
            made = call(context.client("appsync", resource), f"create_{self._name}", given)
        return self._provisioned(made[self._answer], resource)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the part's settings in place."""
        given = with_texts(resource, context, self._texts)
        with code_errors_told(resource):
            changed = call(context.client("appsync", resource), f"update_{self._name}", given, **self._named(created))
        return self._provisioned(changed[self._answer], resource)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the part."""
        with unless_gone(*_GONE):
            call(
                context.client("appsync", created.resource),
                f"delete_{self._name}",
                apiId=created.resource.properties.get("ApiId"),
                **self._named(created),
            )

    def _named(self, created: Created) -> dict[str, Any]:
        return {member: created.provisioned.attributes[name] for member, name in self._key.items()}

    def _provisioned(self, part: dict[str, Any], resource: Resource) -> Provisioned:
        attributes = {name: part.get(member) for name, member in self._attributes.items()}
        attributes |= self._further(part, resource)
        return Provisioned(physical_id=str(attributes[self._reference]), attributes=attributes)

    def _further(self, part: dict[str, Any], resource: Resource) -> dict[str, Any]:
        return {}


class _DataSource(_Part):
    """A data source; one of an Event API is recorded, as no channel of such an API is served."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates the data source."""
        recorded = _recorded(resource, context)
        return super().create(resource, context) if recorded is None else recorded.create(resource, context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Puts the data source's settings in place."""
        recorded = _recorded(resource, context)
        if recorded is None:
            return super().update(created, resource, context)
        return recorded.update(created, resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes the data source."""
        if _recorded(created.resource, context) is None:
            super().delete(created, context)


class _Key(_Part):
    """An API key. `Ref` gives its ARN."""

    def _further(self, part: dict[str, Any], resource: Resource) -> dict[str, Any]:
        place, api_id = f"{resource.region}:{resource.account_id}", resource.properties.get("ApiId")
        return {"Arn": f"arn:{partition_of(resource.region)}:appsync:{place}:apis/{api_id}/apikeys/{part['id']}"}


class _Cache(_Part):
    """The cache of an API, which is kept and not used: every field is resolved anew."""

    def _further(self, part: dict[str, Any], resource: Resource) -> dict[str, Any]:
        return {"Id": f"{resource.properties.get('ApiId')}ApiCache"}


def _recorded(resource: Resource, context: Context) -> Recorded | None:
    """What records a part of an Event API; None for a part of any other API."""
    client, schema = context.client("appsync", resource), resource_type(resource.type)
    is_of_events = is_there(lambda: client.get_api(apiId=resource.properties.get("ApiId")), *_GONE)
    return Recorded(schema) if is_of_events and schema is not None else None


def _settings(properties: Properties) -> dict[str, Any]:
    return without(properties, "Tags", "EnvironmentVariables")


def _put_variables(client: Any, api_id: str, properties: Properties) -> None:
    variables = {str(name): str(value) for name, value in (properties.get("EnvironmentVariables") or {}).items()}
    client.put_graphql_api_environment_variables(apiId=api_id, environmentVariables=variables)


def _api_provisioned(api: dict[str, Any]) -> Provisioned:
    place, host = api["arn"].rpartition(":")[0], api["dns"]["GRAPHQL"].partition(".")[0]
    return Provisioned(
        physical_id=api["arn"],
        attributes={
            "ApiId": api["apiId"],
            "Arn": api["arn"],
            "GraphQLDns": api["dns"]["GRAPHQL"],
            "GraphQLEndpointArn": f"{place}:endpoints/graphql-api/{host}",
            "GraphQLUrl": api["uris"]["GRAPHQL"],
            "RealtimeDns": api["dns"]["REALTIME"],
            "RealtimeUrl": api["uris"]["REALTIME"],
        },
    )


EVENT_API: Final = MotoBacked(
    service="appsync",
    properties=properties_of(read="Tags", recorded="EventConfig Name OwnerContact"),
    made_by=Call(operation="create_api"),
    reference="made.api.apiArn",
    deleted_by=(call_of("delete_api", apiId="att.ApiId"),),
    attributes={
        "ApiArn": "made.api.apiArn",
        "ApiId": "made.api.apiId",
        "Dns.Http": "made.api.dns.HTTP",
        "Dns.Realtime": "made.api.dns.REALTIME",
    },
)
_SYNC: Final = reads("ConflictDetection ConflictHandler", LambdaConflictHandlerConfig=READ)
_RUNTIME: Final = reads("Name RuntimeVersion")
_HANDLERS: Final[PropertyTree] = {
    **reads(
        "ApiId Code CodeS3Location DataSourceName MaxBatchSize RequestMappingTemplate"
        " RequestMappingTemplateS3Location ResponseMappingTemplate ResponseMappingTemplateS3Location",
        Runtime=_RUNTIME,
        SyncConfig=_SYNC,
    ),
}
_TEXTS: Final = ("Code", "RequestMappingTemplate", "ResponseMappingTemplate")

DATA_SOURCE: Final = _DataSource(
    "data_source",
    "dataSource",
    {
        **reads(
            "ApiId Description Name ServiceRoleArn Type",
            DynamoDBConfig=READ,
            EventBridgeConfig=reads("EventBusArn"),
            HttpConfig=READ,
            LambdaConfig=reads("LambdaFunctionArn"),
        ),
        **records("ElasticsearchConfig MetricsConfig OpenSearchServiceConfig RelationalDatabaseConfig"),
    },
    key={"name": "Name"},
    attributes={"DataSourceArn": "dataSourceArn", "Name": "name"},
    reference="DataSourceArn",
)
FUNCTION_CONFIGURATION: Final = _Part(
    "function",
    "functionConfiguration",
    {**_HANDLERS, **reads("Description FunctionVersion Name")},
    key={"functionId": "FunctionId"},
    attributes={
        "FunctionArn": "functionArn",
        "FunctionId": "functionId",
        "DataSourceName": "dataSourceName",
        "Name": "name",
    },
    reference="FunctionArn",
    texts=_TEXTS,
)
RESOLVER: Final = _Part(
    "resolver",
    "resolver",
    {
        **_HANDLERS,
        **reads("FieldName Kind TypeName", PipelineConfig=reads("Functions")),
        **records("CachingConfig MetricsConfig"),
    },
    key={"typeName": "TypeName", "fieldName": "FieldName"},
    attributes={"ResolverArn": "resolverArn", "TypeName": "typeName", "FieldName": "fieldName"},
    reference="ResolverArn",
    texts=_TEXTS,
)
API_KEY: Final = _Key(
    "api_key",
    "apiKey",
    {**reads("ApiId Description Expires"), **records("ApiKeyId")},
    key={"id": "ApiKeyId"},
    attributes={"ApiKey": "id", "ApiKeyId": "id"},
    reference="Arn",
)
API_CACHE: Final = _Cache(
    "api_cache",
    "apiCache",
    records("ApiCachingBehavior ApiId AtRestEncryptionEnabled HealthMetricsConfig TransitEncryptionEnabled Ttl Type"),
    key={},
    attributes={},
    reference="Id",
)
