"""What each call needs to be allowed: secrets, parameters, keys, sessions and roles.

SAR is the Service Authorization Reference, with the service's page.
"""

from __future__ import annotations

import pytest

from tests.fakes.iam_rows import Row, check, row
from tests.fakes.resource_lookups import KnownResources

ROLE = "arn:aws:iam::123456789012:role/worker"
SAR_SECRETS = "SAR, AWS Secrets Manager"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
SECRETS = KnownResources(secrets={"db": SECRET, SECRET: SECRET}, tagged={SECRET: {"team": "a"}})
SAR_SSM = "SAR, AWS Systems Manager"
SAR_KMS = "SAR, AWS Key Management Service"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234"
KEYS = KnownResources(keys={"alias/app": KEY, "1234": KEY, KEY: KEY}, aliases={KEY: ("alias/app",)})
KMS_KEYS = "KMS Developer Guide, AWS KMS condition keys"
SECURITY = [
    row(
        "secretsmanager GetSecretValue",
        {"SecretId": "db"},
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager~secret:db-AbCdEf",
        keys={
            "secretsmanager:secretid": ("db",),
            "secretsmanager:versionstage": ("AWSCURRENT",),
            "secretsmanager:resourcetag/team": ("a",),
            "aws:resourcetag/team": ("a",),
        },
        known=SECRETS,
        source=SAR_SECRETS,
    ),
    row(
        "secretsmanager GetSecretValue",
        {"SecretId": "db", "VersionId": "v" * 32},
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager~secret:db-AbCdEf",
        keys={"secretsmanager:versionstage": None, "secretsmanager:versionid": ("v" * 32,)},
        known=SECRETS,
        source=SAR_SECRETS,
    ),
    row(
        "secretsmanager BatchGetSecretValue",
        {"SecretIdList": ["db"]},
        "secretsmanager:BatchGetSecretValue on *",
        "secretsmanager:GetSecretValue on arn:aws:secretsmanager~secret:db-AbCdEf",
        known=SECRETS,
        source="Secrets Manager API Reference, BatchGetSecretValue",
    ),
    row(
        "secretsmanager CreateSecret",
        {"Name": "db", "SecretString": "x"},
        "secretsmanager:CreateSecret on arn:aws:secretsmanager~secret:db",
        keys={"secretsmanager:name": ("db",)},
        source=SAR_SECRETS,
    ),
    row("secretsmanager GetRandomPassword", {}, "secretsmanager:GetRandomPassword on *", source=SAR_SECRETS),
    row("ssm GetParameter", {"Name": "/app/url"}, "ssm:GetParameter on arn:aws:ssm~parameter/app/url", source=SAR_SSM),
    row("ssm GetParameter", {"Name": "url:3"}, "ssm:GetParameter on arn:aws:ssm~parameter/url", source=SAR_SSM),
    row(
        "ssm GetParameters",
        {"Names": ["/a", "b"]},
        "ssm:GetParameters on arn:aws:ssm~parameter/a arn:aws:ssm~parameter/b",
        source=SAR_SSM,
    ),
    row(
        "ssm GetParametersByPath",
        {"Path": "/app", "Recursive": True},
        "ssm:GetParametersByPath on arn:aws:ssm~parameter/app",
        keys={"ssm:recursive": ("true",)},
        source="Systems Manager User Guide, Restricting access to Parameter Store parameters using IAM policies",
    ),
    row(
        "ssm PutParameter",
        {"Name": "/app/url", "Value": "x", "Type": "String", "Overwrite": False},
        "ssm:PutParameter on arn:aws:ssm~parameter/app/url",
        keys={"ssm:overwrite": ("false",)},
        source=SAR_SSM,
    ),
    row(
        "ssm AddTagsToResource",
        {"ResourceType": "Parameter", "ResourceId": "/app/url", "Tags": [{"Key": "a", "Value": "b"}]},
        "ssm:AddTagsToResource on arn:aws:ssm~parameter/app/url",
        keys={"aws:requesttag/a": ("b",)},
        source=SAR_SSM,
    ),
    row("ssm DescribeParameters", {}, "ssm:DescribeParameters on *", source=SAR_SSM),
    row(
        "kms Encrypt",
        {"KeyId": "alias/app", "Plaintext": b"x", "EncryptionContext": {"Purpose": "test"}},
        "kms:Encrypt on arn:aws:kms~key/1234",
        keys={
            "kms:requestalias": ("alias/app",),
            "kms:resourcealiases": ("alias/app",),
            "kms:encryptioncontext:purpose": ("test",),
            "kms:encryptioncontextkeys": ("Purpose",),
            "kms:encryptionalgorithm": ("SYMMETRIC_DEFAULT",),
            "kms:calleraccount": ("123456789012",),
            "kms:viaservice": None,
        },
        known=KEYS,
        source=KMS_KEYS,
    ),
    row(
        "kms Decrypt",
        {"CiphertextBlob": b"secret"},
        "kms:Decrypt on arn:aws:kms~key/1234",
        known=KnownResources(ciphertexts={"c2VjcmV0": KEY}),
        source="KMS API Reference, Decrypt: KeyId",
    ),
    row(
        "kms ReEncrypt",
        {"CiphertextBlob": b"x", "SourceKeyId": "1234", "DestinationKeyId": "5678"},
        "kms:ReEncryptFrom on arn:aws:kms~key/1234",
        "kms:ReEncryptTo on arn:aws:kms~key/5678",
        keys={"kms:reencryptonsamekey": ("false",)},
        known=KEYS,
        source="KMS API Reference, ReEncrypt: Required permissions",
    ),
    row(
        "kms CreateGrant",
        {"KeyId": "1234", "GranteePrincipal": ROLE, "Operations": ["Decrypt"]},
        "kms:CreateGrant on arn:aws:kms~key/1234",
        keys={
            "kms:grantoperations": ("Decrypt",),
            "kms:granteeprincipal": (ROLE,),
            "kms:grantisforawsresource": ("false",),
        },
        source=KMS_KEYS,
    ),
    row(
        "kms CreateAlias",
        {"AliasName": "alias/new", "TargetKeyId": "1234"},
        "kms:CreateAlias on arn:aws:kms~alias/new arn:aws:kms~key/1234",
        known=KEYS,
        source="KMS Developer Guide, Controlling access to aliases",
    ),
    row("kms CreateKey", {}, "kms:CreateKey on *", source=SAR_KMS),
    row(
        "sts AssumeRole",
        {"RoleArn": ROLE, "RoleSessionName": "me", "ExternalId": "x"},
        f"sts:AssumeRole on {ROLE}",
        keys={"sts:externalid": ("x",), "sts:rolesessionname": ("me",)},
        source="SAR, AWS Security Token Service",
    ),
    row(
        "sts AssumeRole",
        {
            "RoleArn": ROLE,
            "RoleSessionName": "me",
            "Tags": [{"Key": "team", "Value": "a"}],
            "TransitiveTagKeys": ["team"],
        },
        f"sts:AssumeRole on {ROLE}",
        f"sts:TagSession on {ROLE}",
        keys={"aws:requesttag/team": ("a",), "sts:transitivetagkeys": ("team",)},
        source="IAM User Guide, Pass session tags in AWS STS",
    ),
    row("sts GetCallerIdentity", {}, source="STS API Reference, GetCallerIdentity: no permissions are required"),
    row("sts GetSessionToken", {}, source="STS API Reference, GetSessionToken: no permissions are required"),
    row(
        "iam GetRole",
        {"RoleName": "worker"},
        "iam:GetRole on arn:aws:iam::123456789012:role/app/worker",
        known=KnownResources(identities={("role", "worker"): "arn:aws:iam::123456789012:role/app/worker"}),
        source="IAM User Guide, IAM identifiers",
    ),
    row(
        "iam CreateRole",
        {
            "RoleName": "worker",
            "Path": "/app/",
            "AssumeRolePolicyDocument": "{}",
            "PermissionsBoundary": "arn:aws:iam::aws:policy/B",
        },
        "iam:CreateRole on arn:aws:iam::123456789012:role/app/worker",
        keys={"iam:permissionsboundary": ("arn:aws:iam::aws:policy/B",)},
        source="SAR, AWS Identity and Access Management",
    ),
    row(
        "iam AttachRolePolicy",
        {"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        f"iam:AttachRolePolicy on {ROLE}",
        keys={"iam:policyarn": ("arn:aws:iam::aws:policy/AdministratorAccess",)},
        source="SAR, AWS Identity and Access Management",
    ),
]


@pytest.mark.parametrize("case", SECURITY)
def test_a_call_needs(case: Row) -> None:
    check(case)
