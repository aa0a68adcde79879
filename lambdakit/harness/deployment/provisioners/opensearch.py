"""`AWS::OpenSearchService::Domain`, as the account shows it. Nothing listens at its endpoint.

Source: CloudFormation Template Reference, "AWS::OpenSearchService::Domain".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, Tagging, call, properties_of

_UNKNOWN: Final = {"AIMLOptions": "", "IdentityCenterOptions": "", "EngineMode": "", "UseCase": ""}

DOMAIN: Final = MotoBacked(
    service="opensearch",
    properties=properties_of(
        read="AccessPolicies AdvancedOptions AdvancedSecurityOptions ClusterConfig CognitoOptions DomainEndpointOptions"
        " DomainName EBSOptions EncryptionAtRestOptions EngineVersion LogPublishingOptions NodeToNodeEncryptionOptions"
        " OffPeakWindowOptions SnapshotOptions SoftwareUpdateOptions Tags VPCOptions",
        recorded="AIMLOptions AutomatedSnapshotPauseOptions DeploymentStrategyOptions EngineMode IPAddressType"
        " IdentityCenterOptions SkipShardMigrationWait UseCase",
    ),
    named=("DomainName", 28),
    lower_case=True,
    made_by=Call(operation="create_domain", renamed={**_UNKNOWN, "Tags": "TagList"}),
    reference="made.DomainStatus.DomainName",
    changed_by=(Call(operation="update_domain_config", renamed={**_UNKNOWN, "Tags": ""}),),
    tagged_by=Tagging(tag="add_tags", untag="remove_tags", target="ARN", of="att.Arn"),
    deleted_by=(call("delete_domain", DomainName="ref"),),
    attributes={
        "Id": "join('/', [account, made.DomainStatus.DomainName])",
        "Arn": "made.DomainStatus.ARN",
        "DomainArn": "made.DomainStatus.ARN",
        "DomainEndpoint": "made.DomainStatus.Endpoint || join('', ['search-', name, '.', region, '.es.amazonaws.com'])",
        "DomainEndpointV2": "made.DomainStatus.EndpointV2 || join('', ['search-', name, '.aos.', region, '.on.aws'])",
    },
)
