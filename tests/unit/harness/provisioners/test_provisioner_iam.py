"""`AWS::IAM::*`, read back through the IAM API."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdakit.harness.deployment.provisioner import Created
from tests.fakes.provisioning import Provisioning, Row, follow

pytestmark = pytest.mark.xdist_group("moto")

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_OTHER_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
_WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
_AWS_MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
_BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"


def _principal(kind: str, provisioning: Provisioning, name: str) -> Any:
    iam, whose = provisioning.client("iam"), {f"{kind}Name": name}
    lower = kind.lower()
    found = getattr(iam, f"get_{lower}")(**whose)[kind]
    inline = getattr(iam, f"list_{lower}_policies")(**whose)["PolicyNames"]
    get = getattr(iam, f"get_{lower}_policy")
    kept = {key: found[key] for key in ("Path", "Description", "MaxSessionDuration") if key in found}
    return {
        **kept,
        "Trust": found.get("AssumeRolePolicyDocument"),
        "Boundary": (found.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "Tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
        "Inline": {policy: get(**whose, PolicyName=policy)["PolicyDocument"] for policy in inline},
        "Attached": [
            policy["PolicyArn"]
            for policy in getattr(iam, f"list_attached_{lower}_policies")(**whose)["AttachedPolicies"]
        ],
    }


def _role(provisioning: Provisioning, created: Created) -> Any:
    return _principal("Role", provisioning, created.provisioned.physical_id)


def _user(provisioning: Provisioning, created: Created) -> Any:
    iam, name = provisioning.client("iam"), created.provisioned.physical_id
    try:
        profile = bool(iam.get_login_profile(UserName=name)["LoginProfile"])
    except ClientError:
        profile = False
    groups = [group["GroupName"] for group in iam.list_groups_for_user(UserName=name)["Groups"]]
    return {**_principal("User", provisioning, name), "Groups": groups, "Password": profile}


def _group(provisioning: Provisioning, created: Created) -> Any:
    return _principal("Group", provisioning, created.provisioned.physical_id)


def _inline(provisioning: Provisioning, created: Created) -> Any:
    """The inline policies of everyone in the account."""
    del created
    found = {(kind, name): _principal(kind, provisioning, name)["Inline"] for kind, name in _everyone(provisioning)}
    return {principal: policies for principal, policies in found.items() if policies}


def _everyone(provisioning: Provisioning) -> list[tuple[str, str]]:
    iam = provisioning.client("iam")
    roles = [("Role", role["RoleName"]) for role in iam.list_roles()["Roles"]]
    users = [("User", user["UserName"]) for user in iam.list_users()["Users"]]
    return roles + users + [("Group", group["GroupName"]) for group in iam.list_groups()["Groups"]]


def _managed(provisioning: Provisioning, created: Created) -> Any:
    iam, arn = provisioning.client("iam"), created.provisioned.physical_id
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    attached = [
        (kind, name)
        for kind, name in _everyone(provisioning)
        if arn in _principal(kind, provisioning, name)["Attached"]
    ]
    return {"Document": version["Document"], "Attached": attached}


def _access_key(provisioning: Provisioning, created: Created) -> Any:
    keys = provisioning.client("iam").list_access_keys(UserName="ann")["AccessKeyMetadata"]
    return [key["Status"] for key in keys]


def _profile(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("iam").get_instance_profile(InstanceProfileName=created.provisioned.physical_id)
    return {"Roles": [role["RoleName"] for role in found["InstanceProfile"]["Roles"]]}


def _provider(provisioning: Provisioning, created: Created) -> Any:
    found = provisioning.client("iam").get_open_id_connect_provider(
        OpenIDConnectProviderArn=created.provisioned.physical_id
    )
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())}
    return {"Clients": sorted(found["ClientIDList"]), "Thumbprints": found["ThumbprintList"], "Tags": tags}


def _linked(provisioning: Provisioning, created: Created) -> Any:
    role = provisioning.client("iam").get_role(RoleName=created.provisioned.physical_id)["Role"]
    return {"Description": role.get("Description", ""), "Path": role["Path"]}


def _members(provisioning: Provisioning, created: Created) -> Any:
    del created
    users = provisioning.client("iam").get_group(GroupName="readers")["Users"]
    return sorted(user["UserName"] for user in users)


_NEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Ann": ("AWS::IAM::User", {"UserName": "ann"}),
    "Bob": ("AWS::IAM::User", {"UserName": "bob"}),
    "Readers": ("AWS::IAM::Group", {"GroupName": "readers"}),
    "One": ("AWS::IAM::Role", {"RoleName": "one", "AssumeRolePolicyDocument": _TRUST}),
    "Two": ("AWS::IAM::Role", {"RoleName": "two", "AssumeRolePolicyDocument": _TRUST}),
}

ROWS = [
    Row(
        type="AWS::IAM::Role",
        first={
            "RoleName": "worker",
            "AssumeRolePolicyDocument": _TRUST,
            "Description": "d",
            "MaxSessionDuration": "7200",
            "ManagedPolicyArns": [_AWS_MANAGED],
            "PermissionsBoundary": _BOUNDARY,
            "Policies": [{"PolicyName": "p", "PolicyDocument": _READ}, {"PolicyName": "q", "PolicyDocument": _READ}],
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={
            "RoleName": "worker",
            "AssumeRolePolicyDocument": _OTHER_TRUST,
            "Policies": [{"PolicyName": "p", "PolicyDocument": _WRITE}],
        },
        read=_role,
        shows=(
            {
                **{"Description": "d", "MaxSessionDuration": 7200, "Boundary": _BOUNDARY, "Tags": {"team": "a"}},
                **{"Trust": _TRUST, "Inline": {"p": _READ, "q": _READ}, "Attached": [_AWS_MANAGED]},
            },
            {
                **{"MaxSessionDuration": 3600, "Boundary": None, "Tags": {}, "Trust": _OTHER_TRUST},
                **{"Inline": {"p": _WRITE}, "Attached": []},
            },
        ),
    ),
    Row(
        type="AWS::IAM::User",
        first={
            "UserName": "eve",
            "Groups": ["@Readers"],
            "LoginProfile": {"Password": "secret-1", "PasswordResetRequired": "true"},
            "Policies": [{"PolicyName": "p", "PolicyDocument": _READ}],
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={"UserName": "eve", "Path": "/staff/", "ManagedPolicyArns": [_AWS_MANAGED]},
        read=_user,
        shows=(
            {"Groups": ["readers"], "Password": True, "Inline": {"p": _READ}, "Tags": {"team": "a"}, "Path": "/"},
            {"Groups": [], "Password": False, "Inline": {}, "Tags": {}, "Path": "/staff/", "Attached": [_AWS_MANAGED]},
        ),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::IAM::Group",
        first={"GroupName": "staff", "Policies": [{"PolicyName": "p", "PolicyDocument": _READ}]},
        second={"GroupName": "staff", "ManagedPolicyArns": [_AWS_MANAGED]},
        read=_group,
        shows=({"Inline": {"p": _READ}, "Attached": []}, {"Inline": {}, "Attached": [_AWS_MANAGED]}),
    ),
    Row(
        type="AWS::IAM::Policy",
        first={"PolicyName": "p", "PolicyDocument": _READ, "Roles": ["@One"], "Users": ["@Ann"]},
        second={"PolicyName": "q", "PolicyDocument": _WRITE, "Roles": ["@One", "@Two"], "Groups": ["@Readers"]},
        read=_inline,
        shows=(
            {("Role", "one"): {"p": _READ}, ("User", "ann"): {"p": _READ}},
            {("Role", "one"): {"q": _WRITE}, ("Role", "two"): {"q": _WRITE}, ("Group", "readers"): {"q": _WRITE}},
        ),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::IAM::ManagedPolicy",
        first={"ManagedPolicyName": "m", "PolicyDocument": _READ, "Roles": ["@One"]},
        second={"ManagedPolicyName": "m", "PolicyDocument": _WRITE, "Users": ["@Ann"], "Groups": ["@Readers"]},
        read=_managed,
        shows=(
            {"Document": _READ, "Attached": [("Role", "one")]},
            {"Document": _WRITE, "Attached": [("User", "ann"), ("Group", "readers")]},
        ),
        needs=_NEEDS,
    ),
    *(
        Row(
            type=f"AWS::IAM::{kind}Policy",
            first={"PolicyName": "p", f"{kind}Name": name, "PolicyDocument": _READ},
            second={"PolicyName": "p", f"{kind}Name": name, "PolicyDocument": _WRITE},
            read=_inline,
            shows=({(kind, name): {"p": _READ}}, {(kind, name): {"p": _WRITE}}),
            needs=_NEEDS,
        )
        for kind, name in (("Role", "one"), ("User", "ann"), ("Group", "readers"))
    ),
    Row(
        type="AWS::IAM::AccessKey",
        first={"UserName": "@Ann"},
        second={"UserName": "@Ann", "Status": "Inactive"},
        read=_access_key,
        shows=(["Active"], ["Inactive"]),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::IAM::InstanceProfile",
        first={"InstanceProfileName": "box", "Roles": ["@One"]},
        second={"InstanceProfileName": "box", "Roles": ["@Two"]},
        read=_profile,
        shows=({"Roles": ["one"]}, {"Roles": ["two"]}),
        needs=_NEEDS,
    ),
    Row(
        type="AWS::IAM::OIDCProvider",
        first={
            "Url": "https://token.example.com",
            "ClientIdList": ["a"],
            "ThumbprintList": ["0" * 40],
            "Tags": [{"Key": "team", "Value": "a"}],
        },
        second={"Url": "https://token.example.com", "ClientIdList": ["b", "c"], "ThumbprintList": ["1" * 40]},
        read=_provider,
        shows=(
            {"Clients": ["a"], "Thumbprints": ["0" * 40], "Tags": {"team": "a"}},
            {"Clients": ["b", "c"], "Thumbprints": ["1" * 40], "Tags": {}},
        ),
    ),
    Row(
        type="AWS::IAM::ServiceLinkedRole",
        first={"AWSServiceName": "autoscaling.amazonaws.com", "Description": "d"},
        second={"AWSServiceName": "autoscaling.amazonaws.com", "Description": "e"},
        read=_linked,
        shows=({"Description": "d", "Path": "/aws-service-role/autoscaling.amazonaws.com/"}, {"Description": "e"}),
    ),
    Row(
        type="AWS::IAM::UserToGroupAddition",
        first={"GroupName": "@Readers", "Users": ["@Ann"]},
        second={"GroupName": "@Readers", "Users": ["@Ann", "@Bob"]},
        read=_members,
        shows=(["ann"], ["ann", "bob"]),
        needs=_NEEDS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type)
def test_resource_follows_its_properties(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_access_key_gives_its_secret_once_made(provisioning: Provisioning) -> None:
    provisioning.create("AWS::IAM::User", {"UserName": "ann"}, logical_id="Ann")

    key = provisioning.create("AWS::IAM::AccessKey", {"UserName": "@Ann"}).provisioned

    assert key.physical_id.startswith("AKIA")
    assert len(key.attributes["SecretAccessKey"]) == 40


def test_policy_outlives_its_principals(provisioning: Provisioning) -> None:
    role = provisioning.create("AWS::IAM::Role", {"AssumeRolePolicyDocument": _TRUST}, logical_id="Role")
    inline = provisioning.create("AWS::IAM::Policy", {"PolicyName": "p", "PolicyDocument": _READ, "Roles": ["@Role"]})
    managed = provisioning.create("AWS::IAM::ManagedPolicy", {"PolicyDocument": _READ, "Roles": ["@Role"]})

    provisioning.delete(role)
    provisioning.delete(managed)
    provisioning.delete(inline)

    assert _everyone(provisioning) == []


@pytest.mark.parametrize(
    ("type_name", "properties", "text"),
    [
        pytest.param(
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": _TRUST, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/Nothing"]},
            "does not exist",
            id="managed policy of a role",
        ),
        pytest.param(
            "AWS::IAM::Role",
            {"AssumeRolePolicyDocument": _TRUST, "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "1"}}]},
            "[Pp]olicy",
            id="inline policy of a role",
        ),
        pytest.param("AWS::IAM::User", {"Groups": ["none"]}, "not found|not exist", id="group of a user"),
        pytest.param(
            "AWS::IAM::Policy",
            {"PolicyName": "p", "PolicyDocument": _READ, "Roles": ["@Role", "none"]},
            "none",
            id="role of a policy",
        ),
        pytest.param(
            "AWS::IAM::ManagedPolicy",
            {"PolicyDocument": _READ, "Roles": ["@Role", "none"]},
            "none",
            id="role of a managed policy",
        ),
    ],
)
def test_impossible_resource_leaves_nothing_behind(
    provisioning: Provisioning, type_name: str, properties: dict[str, Any], text: str
) -> None:
    role = provisioning.create(
        "AWS::IAM::Role", {"RoleName": "role", "AssumeRolePolicyDocument": _TRUST}, logical_id="Role"
    )

    with pytest.raises(ClientError, match=text):
        provisioning.create(type_name, properties)

    assert _everyone(provisioning) == [("Role", "role")]
    assert (_role(provisioning, role)["Inline"], _role(provisioning, role)["Attached"]) == ({}, [])
    assert provisioning.client("iam").list_policies(Scope="Local")["Policies"] == []


def test_failed_update_leaves_the_role_as_it_was(provisioning: Provisioning) -> None:
    properties = {"AssumeRolePolicyDocument": _TRUST, "Policies": [{"PolicyName": "p", "PolicyDocument": _READ}]}
    role = provisioning.create("AWS::IAM::Role", properties)
    before = _role(provisioning, role)

    with pytest.raises(ClientError, match="does not exist"):
        provisioning.update(
            role,
            {
                "AssumeRolePolicyDocument": _OTHER_TRUST,
                "ManagedPolicyArns": [_AWS_MANAGED, "arn:aws:iam::aws:policy/Nothing"],
            },
        )

    assert _role(provisioning, role) == before
