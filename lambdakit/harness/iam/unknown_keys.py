"""The condition keys that AWS would give a request and that are not known here.

To a policy they look absent, which is wrong of some requests. A decision says which of them its conditions asked for;
who enforces strictly refuses what they might have refused.

What is absent on AWS as well is not among them: an emulated account is a member of no organization
(`aws:PrincipalOrgID`, `aws:ResourceOrgID`, `aws:SourceOrgID` and their `…Paths`), its functions run on no EC2 instance
(`aws:Ec2InstanceSourceVpc`), nobody signs in with an MFA device (`aws:MultiFactorAuthAge`), and nobody injects faults
(`dynamodb:FisActionId`).
Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys" of the
services.
"""

from __future__ import annotations

from typing import Final

_KEYS: Final = frozenset(
    {
        *("aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths", "aws:assumedroot"),
        *("events:eventbusarn", "events:managedby"),
        *("events:detail.service", "events:detail.eventtypecode", "events:detail.useridentity.principalid"),
        *("kms:grantconstrainttype", "kms:multiregionkeytype", "kms:keyorigin", "kms:datakeypairspec"),
        *("logs:deliverydestinationresourcearn", "logs:loggeneratingresourcearns"),
        *("s3:accessgrantsinstancearn", "s3:accessgrantscope", "s3:accessgrantslocationscope"),
        *("s3:accesspointnetworkorigin", "s3:dataaccesspointaccount", "s3:dataaccesspointarn"),
        *("s3:destinationregion", "s3:inventoryaccessibleoptionalfields", "s3:isreplicationpauserequest"),
        *("s3:object-lock-remaining-retention-days", "s3:x-amz-bucket-namespace"),
        *("s3:existingjoboperation", "s3:existingjobpriority", "s3:requestjoboperation", "s3:requestjobpriority"),
        "s3:jobsuspendedcause",
        *("secretsmanager:kmskeyarn", "secretsmanager:secretprimaryregion", "secretsmanager:resource/type"),
        "secretsmanager:modifyrotationrules",
        *("ssm:documentcategories", "ssm:inventorytypename", "ssm:sessiondocumentaccesscheck", "ssm:sourceinstancearn"),
        *("ec2:sourceinstancearn", "states:statemachinequalifier"),
        *("sts:awsservicename", "sts:identitytokenaudience", "sts:requestcontextproviders"),
        *("rds:databaseclass", "rds:databaseengine", "rds:piops", "rds:storagesize", "rds:tenantdatabasename"),
        "rds:tagsfromrequest",
    }
)
_FAMILIES: Final = frozenset(
    {
        *("s3:buckettag", "s3:accesspointtag", "sts:requestcontext"),
        *(f"rds:{kind}-tag" for kind in ("cluster", "cluster-pg", "cluster-snapshot", "db", "es", "og", "pg")),
        *(f"rds:{kind}-tag" for kind in ("req", "ri", "secgrp", "snapshot", "subgrp")),
    }
)


def is_unknown(key: str) -> bool:
    """Whether AWS may give requests the key, which is in lower case, and nothing is known of it here."""
    return key in _KEYS or key.partition("/")[0] in _FAMILIES
