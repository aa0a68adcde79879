"""IAM. The ARNs of roles, users, groups and instance profiles have their path, which requests do not name.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access
Management"; IAM User Guide, "IAM identifiers" (ARNs with paths).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules


def identity_arn(call: ApiCall, kind: str, name: str) -> str:
    """The ARN of a role, user, group or instance profile; where it is not there, as the request would make it."""
    known = "" if call.operation.startswith("Create") else call.lookups.identity_arn(call.account_id, kind, name)
    path = call.text("Path") or "/"
    path = path if path.startswith("/") and path.endswith("/") else "/"
    return known or call.arn("iam", f"{kind}{path}{name}", region="")


def _of(kind: str, member: str) -> Callable[[ApiCall], Sequence[str]]:
    def read(call: ApiCall) -> Sequence[str]:
        name = call.text(member)
        if name:
            return [identity_arn(call, kind, name)]
        # The user that calls is meant when none is named.
        return (
            [call.arn("iam", "user/*", region="")] if kind == "user" and "User" in _OWN.get(call.operation, "") else []
        )

    return read


# The operations that are about the calling user when they name none. Source: their pages in the IAM API Reference.
_OWN: Final = dict.fromkeys(
    (
        *("ChangePassword", "CreateAccessKey", "DeleteAccessKey", "GetUser", "ListAccessKeys", "UpdateAccessKey"),
        *("DeactivateMFADevice", "EnableMFADevice", "GetAccessKeyLastUsed", "GetMFADevice", "ListMFADevices"),
        *(
            "DeleteSigningCertificate",
            "ListSigningCertificates",
            "UpdateSigningCertificate",
            "UploadSigningCertificate",
        ),
        *("CreateServiceSpecificCredential", "DeleteServiceSpecificCredential", "ListServiceSpecificCredentials"),
        *("ResetServiceSpecificCredential", "UpdateServiceSpecificCredential", "ListSSHPublicKeys", "ResyncMFADevice"),
    ),
    "User",
)


def _policy(call: ApiCall) -> Sequence[str]:
    arn = call.text("PolicyArn")
    if arn:
        return [arn]
    name = call.text("PolicyName")
    path = call.text("Path") or "/"
    return [call.arn("iam", f"policy{path}{name}", region="")] if name else []


def _principal(call: ApiCall) -> Sequence[Need] | None:
    """What these are about is any kind of principal, or a policy, by its ARN."""
    arn = call.text("Arn", "PolicySourceArn", "TemplateArn")
    return [Need(action=f"iam:{call.operation}", resources=(arn,))] if arn.startswith("arn:") else None


def _mfa_device(call: ApiCall) -> Sequence[Need] | None:
    serial = call.text("SerialNumber")
    arn = serial if serial.startswith("arn:") else call.arn("iam", f"mfa/{serial}", region="")
    return [Need(action=f"iam:{call.operation}", resources=(arn,))] if serial else None


def _service_linked_role(call: ApiCall) -> Sequence[Need]:
    service = call.text("AWSServiceName") or "*"
    role = call.arn("iam", f"role/aws-service-role/{service}/*", region="")
    return [Need(action=f"iam:{call.operation}", resources=(role,))]


def _linked_role_deletion(call: ApiCall) -> Sequence[Need] | None:
    """A task's id is `task/aws-service-role/SERVICE/ROLE/ID`. Source: IAM API Reference, "DeleteServiceLinkedRole"."""
    path, _, _ = call.text("DeletionTaskId").removeprefix("task/").rpartition("/")
    role = call.arn("iam", f"role/{path}" if path else "role/*", region="")
    return [Need(action=f"iam:{call.operation}", resources=(role,))]


def _add_role(call: ApiCall) -> Sequence[Need] | None:
    profile, role = call.text("InstanceProfileName"), call.text("RoleName")
    if not profile or not role:
        return None
    return [
        Need(action="iam:AddRoleToInstanceProfile", resources=(identity_arn(call, "instance-profile", profile),)),
        Need(
            action="iam:PassRole",
            resources=(identity_arn(call, "role", role),),
            keys={"iam:passedtoservice": ("ec2.amazonaws.com",)},
        ),
    ]


IAM: Final = Rules(
    resources={
        "role": _of("role", "RoleName"),
        "user": _of("user", "UserName"),
        "group": _of("group", "GroupName"),
        "instance-profile": _of("instance-profile", "InstanceProfileName"),
        "policy": _policy,
    },
    members={
        "mfa.MfaTokenIdWithPath": ("SerialNumber", "VirtualMFADeviceName"),
        "oidc-provider.OidcProviderName": ("OpenIDConnectProviderArn",),
        "server-certificate.CertificateNameWithPath": ("ServerCertificateName",),
    },
    readers={
        "AddRoleToInstanceProfile": _add_role,
        "CreateServiceLinkedRole": _service_linked_role,
        "GetServiceLinkedRoleDeletionStatus": _linked_role_deletion,
        **dict.fromkeys(
            (
                *("GenerateServiceLastAccessedDetails", "GetContextKeysForPrincipalPolicy"),
                *("ListPoliciesGrantingServiceAccess", "SimulatePrincipalPolicy"),
            ),
            _principal,
        ),
        **dict.fromkeys(("ListMFADeviceTags", "TagMFADevice", "UntagMFADevice", "DeleteVirtualMFADevice"), _mfa_device),
    },
)
