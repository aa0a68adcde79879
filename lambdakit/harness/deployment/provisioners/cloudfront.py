"""`AWS::CloudFront::Distribution`: the account shows it, with its origins and names, and invalidates what is asked for.

Nothing behind it runs: no request goes through a distribution. That invalidations are answered lets the CDK's bucket
deployments end, which invalidate what they deployed and wait for it.

Source: CloudFormation Template Reference, "AWS::CloudFront::Distribution"; Amazon CloudFront API Reference,
"CreateInvalidation".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, properties_of
from lambdakit.harness.deployment.provisioners.recorded import note_functions

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
    """Tells functions at its edge that nothing invokes them."""

    def create(self, resource: Resource, context: Context) -> Provisioned:
        note_functions(resource, context)
        return MotoBacked.create(self, resource, context)

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        note_functions(resource, context)
        return MotoBacked.update(self, created, resource, context)


DISTRIBUTION: Final = _Distribution(
    service="cloudfront",
    properties=properties_of(read="DistributionConfig", recorded="Tags"),
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
