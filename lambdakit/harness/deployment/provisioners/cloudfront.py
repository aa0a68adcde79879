"""`AWS::CloudFront::Distribution`: the account shows it, with its origins and names, and its door serves it.

What the service's API shows is less than what is served: the template's properties are, and what `UpdateDistribution`
says later is not.

Source: CloudFormation Template Reference, "AWS::CloudFront::Distribution"; Amazon CloudFront API Reference,
"CreateInvalidation".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.property_tree import RECORDED
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.edge_functions import check_edge_functions
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, properties_of
from lambdakit.harness.routing.distribution.configuration import read_distribution

# Templates of the older form have no list of origins.
_ORIGINS: Final = '(p.DistributionConfig.Origins || `[{"Id": "origin", "DomainName": "origin.example.com"}]`)'
_TARGET: Final = "p.DistributionConfig.DefaultCacheBehavior.TargetOriginId"
# The target may be a group of origins, which moto does not look for.
_KNOWN_TARGET: Final = f"contains({_ORIGINS}[].Id, {_TARGET}) && {_TARGET} || {_ORIGINS}[0].Id"
_POLICY: Final = "p.DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy || 'allow-all'"
_CONFIG: Final = (
    "{CallerReference: join('-', [stack, logical_id]), Comment: p.DistributionConfig.Comment || '',"
    " Enabled: p.DistributionConfig.Enabled, Aliases: p.DistributionConfig.Aliases || `[]`,"
    " DefaultRootObject: p.DistributionConfig.DefaultRootObject || '', PriceClass: p.DistributionConfig.PriceClass,"
    f" Origins: {_ORIGINS}[].{{Id: Id, DomainName: DomainName, OriginPath: OriginPath}},"
    f" DefaultCacheBehavior: {{TargetOriginId: {_KNOWN_TARGET}, ViewerProtocolPolicy: {_POLICY}}}}}"
)


class _Distribution(MotoBacked):
    """A distribution, which is served as its template describes it."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Creates it and opens its door."""
        check_edge_functions(resource, context)
        return _served(MotoBacked.create(self, resource, context), resource, context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Changes what differs, at the door as well."""
        check_edge_functions(resource, context)
        return _served(MotoBacked.update(self, created, resource, context), resource, context)

    def delete(self, created: Created, context: Context) -> None:
        """Deletes it and closes its doors."""
        MotoBacked.delete(self, created, context)
        if context.content is not None:
            context.content.distributions.close(created.provisioned.physical_id)

    def reset(self, created: Created, context: Context) -> None:
        """Its cache begins anew."""
        if context.content is not None:
            context.content.distributions.reset(created.provisioned.physical_id)


def _served(provisioned: Provisioned, resource: Resource, context: Context) -> Provisioned:
    if context.content is not None:
        distribution = read_distribution(
            resource.properties["DistributionConfig"],
            distribution_id=provisioned.physical_id,
            arn=f"arn:aws:cloudfront::{resource.account_id}:distribution/{provisioned.physical_id}",
            domain=str(provisioned.attributes["DomainName"]),
        )
        context.content.distributions.open(distribution)
    return provisioned


DISTRIBUTION: Final = _Distribution(
    service="cloudfront",
    properties={
        "DistributionConfig": properties_of(
            read="Aliases CNAMEs CacheBehaviors Comment CustomErrorResponses CustomOrigin DefaultCacheBehavior"
            " DefaultRootObject Enabled OriginGroups Origins PriceClass S3Origin",
            recorded="AnycastIpListId CacheTagConfig ConnectionFunctionAssociation ConnectionMode"
            " ContinuousDeploymentPolicyId HttpVersion IPV6Enabled Logging Restrictions Staging TenantConfig"
            " ViewerCertificate ViewerMtlsConfig WebACLId",
        ),
        "Tags": RECORDED,
    },
    made_by=Call(operation="create_distribution", filled=False, arguments={"DistributionConfig": _CONFIG}),
    reference="made.Distribution.Id",
    changed_by=(
        Call(
            operation="update_distribution",
            filled=False,
            arguments={"Id": "ref", "IfMatch": "'any'", "DistributionConfig": _CONFIG},
        ),
    ),
    deleted_by=(Call(operation="delete_distribution", filled=False, arguments={"Id": "ref", "IfMatch": "'any'"}),),
    attributes={"Id": "ref", "DomainName": "made.Distribution.DomainName"},
)
