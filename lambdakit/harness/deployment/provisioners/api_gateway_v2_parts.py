"""`AWS::ApiGatewayV2`: authorizers, models, responses, domain names and links of HTTP and WebSocket APIs.

Source: CloudFormation Template Reference, "AWS::ApiGatewayV2::Authorizer" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of
from lambdakit.harness.moto_state.begun_anew import take_place
from lambdakit.harness.moto_state.kept_apis import unchanged_on_failure
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPart(MotoBacked):
    """A part of an API, which an update makes what a creation would.

    parts: what moto holds it among: `authorizers`, `integrations` or `routes`.
    """

    parts: str

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs; without a property that was there it begins anew."""
        account_id, region, api_id = resource.account_id, resource.region, str(resource.properties["ApiId"])
        with unchanged_on_failure("apigatewayv2", account_id, region, api_id):
            if created.resource.properties.keys() - resource.properties.keys():
                fresh = MotoBacked.create(self, resource, context).physical_id
                take_place(account_id, region, api_id, self.parts, old=created.provisioned.physical_id, fresh=fresh)
            return MotoBacked.update(self, created, resource, context)


AUTHORIZER: Final = ApiPart(
    parts="authorizers",
    service="apigatewayv2",
    properties=properties_of(
        read="ApiId AuthorizerCredentialsArn AuthorizerPayloadFormatVersion AuthorizerResultTtlInSeconds AuthorizerType"
        " AuthorizerUri EnableSimpleResponses IdentitySource IdentityValidationExpression JwtConfiguration Name",
    ),
    defaults={"IdentitySource": []},
    made_by=Call(operation="create_authorizer"),
    reference="made.AuthorizerId",
    changed_by=(Call(operation="update_authorizer", arguments={"AuthorizerId": "ref"}),),
    deleted_by=(call("delete_authorizer", ApiId="p.ApiId", AuthorizerId="ref"),),
    attributes={"AuthorizerId": "ref"},
)

# Every stage shows an API as it is, whatever it was deployed with; see `api_deployments`.
DEPLOYMENT: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(read="ApiId Description", recorded="StageName"),
    defaults={"Description": ""},
    made_by=Call(operation="create_deployment", renamed={"StageName": ""}),
    reference="made.DeploymentId",
    changed_by=(Call(operation="update_deployment", arguments={"DeploymentId": "ref"}),),
    deleted_by=(call("delete_deployment", ApiId="p.ApiId", DeploymentId="ref"),),
    attributes={"DeploymentId": "ref"},
)

MODEL: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(read="ApiId ContentType Description Name Schema"),
    defaults={"ContentType": "application/json", "Description": ""},
    made_by=Call(operation="create_model"),
    reference="made.ModelId",
    changed_by=(Call(operation="update_model", arguments={"ModelId": "ref"}),),
    deleted_by=(call("delete_model", ApiId="p.ApiId", ModelId="ref"),),
    attributes={"ModelId": "ref"},
)

INTEGRATION_RESPONSE: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(
        read="ApiId ContentHandlingStrategy IntegrationId IntegrationResponseKey ResponseParameters ResponseTemplates"
        " TemplateSelectionExpression",
    ),
    made_by=Call(operation="create_integration_response"),
    reference="made.IntegrationResponseId",
    changed_by=(Call(operation="update_integration_response", arguments={"IntegrationResponseId": "ref"}),),
    deleted_by=(
        call(
            "delete_integration_response",
            ApiId="p.ApiId",
            IntegrationId="p.IntegrationId",
            IntegrationResponseId="ref",
        ),
    ),
    attributes={"IntegrationResponseId": "ref"},
)

ROUTE_RESPONSE: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(
        read="ApiId ModelSelectionExpression ResponseModels RouteId RouteResponseKey", recorded="ResponseParameters"
    ),
    made_by=Call(operation="create_route_response", renamed={"ResponseParameters": ""}),
    reference="made.RouteResponseId",
    deleted_by=(call("delete_route_response", ApiId="p.ApiId", RouteId="p.RouteId", RouteResponseId="ref"),),
    attributes={"RouteResponseId": "ref"},
)

DOMAIN_NAME: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(
        read="DomainName DomainNameConfigurations MutualTlsAuthentication Tags", recorded="RoutingMode"
    ),
    made_by=Call(operation="create_domain_name", renamed={"RoutingMode": ""}),
    reference="p.DomainName",
    deleted_by=(call("delete_domain_name", DomainName="ref"),),
    attributes={
        "DomainNameArn": "join('', ['arn:', partition, ':apigateway:', region, '::/domainnames/', p.DomainName])",
        "RegionalDomainName": "join('', ['d-', p.DomainName, '.execute-api.', region, '.amazonaws.com'])",
        "RegionalHostedZoneId": "'Z1UJRXOUMOOFQ8'",
    },
    remade=True,
)

API_MAPPING: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(read="ApiId ApiMappingKey DomainName Stage"),
    defaults={"ApiMappingKey": ""},
    made_by=Call(operation="create_api_mapping"),
    reference="made.ApiMappingId",
    deleted_by=(call("delete_api_mapping", ApiMappingId="ref", DomainName="p.DomainName"),),
    attributes={"ApiMappingId": "ref"},
)

VPC_LINK: Final = MotoBacked(
    service="apigatewayv2",
    properties=properties_of(read="Name SecurityGroupIds SubnetIds Tags"),
    defaults={"SecurityGroupIds": []},
    made_by=Call(operation="create_vpc_link"),
    reference="made.VpcLinkId",
    changed_by=(call("update_vpc_link", VpcLinkId="ref", Name="p.Name"),),
    tagged_by=Tagging(
        tag="tag_resource",
        untag="untag_resource",
        target="ResourceArn",
        of="join('', ['arn:', partition, ':apigateway:', region, '::/vpclinks/', ref])",
    ),
    deleted_by=(call("delete_vpc_link", VpcLinkId="ref"),),
    attributes={"VpcLinkId": "ref"},
)
