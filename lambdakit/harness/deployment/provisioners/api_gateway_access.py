"""REST APIs' callers and surroundings: keys, usage plans, authorizers, models, domain names and links.

Source: CloudFormation Template Reference, "AWS::ApiGateway::ApiKey" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of


def _replaced(**paths: str) -> str:
    """The expression for patch operations that replace each property. paths: property -> place in the patch."""
    operations = (f"{{op: 'replace', path: '{path}', value: p.{name}}}" for name, path in paths.items())
    return f"[{', '.join(operations)}][?value != null]"


def _method_throttles(name: str, limit: str) -> Call:
    """The request that sets one limit of each method of the stages that an update brings to a usage plan.

    Source: API Gateway Developer Guide, "Patch operations" (`/apiStages/API:STAGE/throttle/PATH/METHOD/rateLimit`).
    """
    place = "{place: join(':', [ApiId, Stage])}"
    path = f"join('', ['/apiStages/', place, '/throttle/', Key, '/{limit}'])"
    limits = f"added.ApiStages[?Throttle].with_each(entries(Throttle), {place})[]"
    operations = f"{limits}.{{op: 'replace', path: {path}, value: Value.{name}}}[?value != null]"
    return call("update_usage_plan", usagePlanId="ref", when=operations, patchOperations=operations)


API_KEY: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(
        read="CustomerId Description Enabled GenerateDistinctId Name StageKeys Tags Value",
    ),
    named=("Name", 128),
    # CloudFormation Template Reference, "AWS::ApiGateway::ApiKey": a key is off unless it says otherwise.
    defaults={"Enabled": False, "Description": "", "CustomerId": ""},
    made_by=Call(operation="create_api_key"),
    reference="made.id",
    changed_by=(
        call(
            "update_api_key",
            apiKey="ref",
            patchOperations=_replaced(
                Name="/name", Description="/description", CustomerId="/customerId", Enabled="/enabled"
            ),
        ),
    ),
    deleted_by=(call("delete_api_key", apiKey="ref"),),
    attributes={"APIKeyId": "ref"},
)

USAGE_PLAN: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="ApiStages Description Quota Tags Throttle UsagePlanName"),
    named=("UsagePlanName", 128),
    defaults={"Description": ""},
    made_by=Call(operation="create_usage_plan", renamed={"UsagePlanName": "name"}),
    reference="made.id",
    changed_by=(
        call(
            "update_usage_plan",
            usagePlanId="ref",
            patchOperations=_replaced(UsagePlanName="/name", Description="/description"),
        ),
        call(
            "update_usage_plan",
            usagePlanId="ref",
            patchOperations="(p.Quota && [{op: 'replace', path: '/quota/limit', value: p.Quota.Limit},"
            " {op: 'replace', path: '/quota/period', value: p.Quota.Period},"
            " {op: 'replace', path: '/quota/offset', value: p.Quota.Offset || `0`}]"
            " || [{op: 'remove', path: '/quota', value: '-'}])[?value != null]",
        ),
        call(
            "update_usage_plan",
            usagePlanId="ref",
            patchOperations="(p.Throttle && [{op: 'replace', path: '/throttle/rateLimit', value: p.Throttle.RateLimit},"
            " {op: 'replace', path: '/throttle/burstLimit', value: p.Throttle.BurstLimit}]"
            " || [{op: 'remove', path: '/throttle', value: '-'}])[?value != null]",
        ),
        call(
            "update_usage_plan",
            usagePlanId="ref",
            when="removed.ApiStages",
            patchOperations="removed.ApiStages[].{op: 'remove', path: '/apiStages', value: join(':', [ApiId, Stage])}",
        ),
        call(
            "update_usage_plan",
            usagePlanId="ref",
            when="added.ApiStages",
            patchOperations="added.ApiStages[].{op: 'add', path: '/apiStages', value: join(':', [ApiId, Stage])}",
        ),
        _method_throttles("RateLimit", "rateLimit"),
        _method_throttles("BurstLimit", "burstLimit"),
    ),
    deleted_by=(call("delete_usage_plan", usagePlanId="ref"),),
    attributes={"Id": "ref"},
)

USAGE_PLAN_KEY: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="KeyId KeyType UsagePlanId"),
    made_by=Call(operation="create_usage_plan_key"),
    reference="join(':', [p.KeyId, p.UsagePlanId])",
    deleted_by=(call("delete_usage_plan_key", usagePlanId="p.UsagePlanId", keyId="p.KeyId"),),
    attributes={"Id": "join(':', [p.KeyId, p.UsagePlanId])"},
)

AUTHORIZER: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(
        read="AuthType AuthorizerCredentials AuthorizerResultTtlInSeconds AuthorizerUri IdentitySource"
        " IdentityValidationExpression Name ProviderARNs RestApiId Type",
    ),
    # CloudFormation Template Reference, "AWS::ApiGateway::Authorizer": a policy is kept for 300 seconds.
    defaults={
        **{"AuthorizerCredentials": "", "AuthorizerResultTtlInSeconds": 300, "AuthType": ""},
        **{"IdentitySource": "", "IdentityValidationExpression": ""},
    },
    made_by=Call(operation="create_authorizer"),
    reference="made.id",
    changed_by=(
        call(
            "update_authorizer",
            restApiId="p.RestApiId",
            authorizerId="ref",
            patchOperations=_replaced(
                Name="/name",
                Type="/type",
                AuthType="/authType",
                AuthorizerUri="/authorizerUri",
                AuthorizerCredentials="/authorizerCredentials",
                AuthorizerResultTtlInSeconds="/authorizerResultTtlInSeconds",
                IdentitySource="/identitySource",
                IdentityValidationExpression="/identityValidationExpression",
            ),
        ),
        call(
            "update_authorizer",
            restApiId="p.RestApiId",
            authorizerId="ref",
            when="removed.ProviderARNs",
            patchOperations="removed.ProviderARNs[].{op: 'remove', path: '/providerARNs', value: @}",
        ),
        call(
            "update_authorizer",
            restApiId="p.RestApiId",
            authorizerId="ref",
            when="added.ProviderARNs",
            patchOperations="added.ProviderARNs[].{op: 'add', path: '/providerARNs', value: @}",
        ),
    ),
    deleted_by=(call("delete_authorizer", restApiId="p.RestApiId", authorizerId="ref"),),
    attributes={"AuthorizerId": "ref"},
)

MODEL: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="ContentType Description Name RestApiId Schema"),
    named=("Name", 128),
    alphanumeric=True,
    defaults={"ContentType": "application/json", "Description": "", "Schema": {}},
    made_by=Call(operation="create_model"),
    reference="name",
    deleted_by=(call("delete_model", restApiId="p.RestApiId", modelName="name"),),
    remade=True,
)

REQUEST_VALIDATOR: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="Name RestApiId ValidateRequestBody ValidateRequestParameters"),
    named=("Name", 128),
    defaults={"ValidateRequestBody": False, "ValidateRequestParameters": False},
    made_by=Call(operation="create_request_validator"),
    reference="made.id",
    changed_by=(
        call(
            "update_request_validator",
            restApiId="p.RestApiId",
            requestValidatorId="ref",
            patchOperations=_replaced(
                ValidateRequestBody="/validateRequestBody", ValidateRequestParameters="/validateRequestParameters"
            ),
        ),
    ),
    deleted_by=(call("delete_request_validator", restApiId="p.RestApiId", requestValidatorId="ref"),),
    attributes={"RequestValidatorId": "ref"},
)

GATEWAY_RESPONSE: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="ResponseParameters ResponseTemplates ResponseType RestApiId StatusCode"),
    made_by=Call(operation="put_gateway_response"),
    reference="join('-', [p.RestApiId, p.ResponseType])",
    changed_by=(Call(operation="put_gateway_response"),),
    deleted_by=(call("delete_gateway_response", restApiId="p.RestApiId", responseType="p.ResponseType"),),
    attributes={"Id": "join('-', [p.RestApiId, p.ResponseType])"},
)

DOMAIN_NAME: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(
        read="CertificateArn DomainName EndpointConfiguration RegionalCertificateArn SecurityPolicy Tags",
        recorded="EndpointAccessMode MutualTlsAuthentication OwnershipVerificationCertificateArn RoutingMode",
    ),
    made_by=Call(
        operation="create_domain_name",
        renamed={"EndpointAccessMode": "", "MutualTlsAuthentication": "", "RoutingMode": ""},
    ),
    reference="p.DomainName",
    deleted_by=(call("delete_domain_name", domainName="ref"),),
    attributes={
        "DomainNameArn": "join('', ['arn:', partition, ':apigateway:', region, '::/domainnames/', p.DomainName])",
        "DistributionDomainName": "made.distributionDomainName",
        "DistributionHostedZoneId": "made.distributionHostedZoneId",
        "RegionalDomainName": "made.regionalDomainName",
        "RegionalHostedZoneId": "made.regionalHostedZoneId",
    },
    remade=True,
)

BASE_PATH_MAPPING: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="BasePath DomainName RestApiId Stage"),
    made_by=Call(operation="create_base_path_mapping"),
    reference="join('|', [p.DomainName, p.BasePath || '(none)'])",
    deleted_by=(call("delete_base_path_mapping", domainName="p.DomainName", basePath="p.BasePath || '(none)'"),),
    remade=True,
)

ACCOUNT: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="CloudWatchRoleArn"),
    made_by=call("update_account", patchOperations=_replaced(CloudWatchRoleArn="/cloudwatchRoleArn")),
    # One for each account and region; it stays when the resource goes.
    reference="join('-', [account, region, 'api-gateway-account'])",
    changed_by=(call("update_account", patchOperations=_replaced(CloudWatchRoleArn="/cloudwatchRoleArn")),),
    attributes={"Id": "join('-', [account, region, 'api-gateway-account'])"},
)

VPC_LINK: Final = MotoBacked(
    service="apigateway",
    properties=properties_of(read="Description Name Tags TargetArns"),
    made_by=Call(operation="create_vpc_link"),
    reference="made.id",
    deleted_by=(call("delete_vpc_link", vpcLinkId="ref"),),
    attributes={"VpcLinkId": "ref"},
)
