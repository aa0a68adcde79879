"""`AWS::Cognito::*`, read back through the Cognito APIs."""

from __future__ import annotations

import pytest

from tests.fakes.provisioning import Provisioning, Row, follow
from tests.fakes.shown import shown

pytestmark = pytest.mark.xdist_group("moto")

_COGNITO = "AWS::Cognito::"
_FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:f"
_POOL = {"Pool": (f"{_COGNITO}UserPool", {"UserPoolName": "pool"})}
_CLIENT = {**_POOL, "Client": (f"{_COGNITO}UserPoolClient", {"UserPoolId": "@Pool"})}

ROWS = [
    Row(
        type=f"{_COGNITO}UserPool",
        first={
            **{"UserPoolName": "p", "AutoVerifiedAttributes": ["email"], "LambdaConfig": {"PreSignUp": _FUNCTION}},
            **{"Policies": {"PasswordPolicy": {"MinimumLength": "10"}}, "DeletionProtection": "ACTIVE"},
        },
        second={"UserPoolName": "p", "AutoVerifiedAttributes": [], "LambdaConfig": {}},
        read=shown(
            "cognito-idp",
            "describe_user_pool",
            "UserPool.[AutoVerifiedAttributes, LambdaConfig.PreSignUp]",
            UserPoolId="ref",
        ),
        shows=([["email"], _FUNCTION], [[], None]),
    ),
    Row(
        type=f"{_COGNITO}UserPoolClient",
        first={"UserPoolId": "@Pool", "ClientName": "c", "CallbackURLs": ["https://a"], "AccessTokenValidity": "60"},
        second={"UserPoolId": "@Pool", "ClientName": "d", "CallbackURLs": ["https://b"], "AccessTokenValidity": 30},
        read=shown(
            "cognito-idp",
            "describe_user_pool_client",
            "UserPoolClient.[ClientName, CallbackURLs, AccessTokenValidity]",
            UserPoolId="p.UserPoolId",
            ClientId="ref",
        ),
        shows=(["c", ["https://a"], 60], ["d", ["https://b"], 30]),
        needs=_POOL,
    ),
    Row(  # what the template says no more is as if it had never said it
        type=f"{_COGNITO}UserPoolClient",
        first={
            **{"UserPoolId": "@Pool", "ClientName": "c", "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]},
            **{"RefreshTokenValidity": 5, "EnableTokenRevocation": False, "LogoutURLs": ["https://a"]},
        },
        second={"UserPoolId": "@Pool", "ClientName": "c"},
        read=shown(
            "cognito-idp",
            "describe_user_pool_client",
            "UserPoolClient.[ExplicitAuthFlows, RefreshTokenValidity, EnableTokenRevocation, LogoutURLs]",
            UserPoolId="p.UserPoolId",
            ClientId="ref",
        ),
        shows=([["ALLOW_USER_SRP_AUTH"], 5, False, ["https://a"]], [None, 30, True, None]),
        needs=_POOL,
    ),
    Row(
        type=f"{_COGNITO}UserPoolGroup",
        first={"UserPoolId": "@Pool", "GroupName": "g", "Description": "a", "Precedence": "1"},
        second={"UserPoolId": "@Pool", "GroupName": "g", "Description": "b", "Precedence": 2},
        read=shown(
            "cognito-idp",
            "get_group",
            "Group.[Description, Precedence]",
            UserPoolId="p.UserPoolId",
            GroupName="ref",
        ),
        shows=(["a", 1], ["b", 2]),
        needs=_POOL,
    ),
    Row(
        type=f"{_COGNITO}UserPoolIdentityProvider",
        first={
            **{"UserPoolId": "@Pool", "ProviderName": "Google", "ProviderType": "Google"},
            "ProviderDetails": {"client_id": "a", "client_secret": "s"},
        },
        second={
            **{"UserPoolId": "@Pool", "ProviderName": "Google", "ProviderType": "Google"},
            "ProviderDetails": {"client_id": "b", "client_secret": "s"},
        },
        read=shown(
            "cognito-idp",
            "describe_identity_provider",
            "IdentityProvider.ProviderDetails.client_id",
            UserPoolId="p.UserPoolId",
            ProviderName="ref",
        ),
        shows=("a", "b"),
        needs=_POOL,
    ),
    Row(
        type=f"{_COGNITO}IdentityPool",
        first={
            "AllowUnauthenticatedIdentities": "false",
            "CognitoIdentityProviders": [{"ClientId": "@Client", "ProviderName": "@Pool.ProviderName"}],
        },
        second={"AllowUnauthenticatedIdentities": True},
        read=shown(
            "cognito-identity", "describe_identity_pool", "[AllowUnauthenticatedIdentities]", IdentityPoolId="ref"
        ),
        shows=([False], [True]),
        needs=_CLIENT,
    ),
    Row(
        type=f"{_COGNITO}UserPool",
        first={"UserPoolName": "p", "MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"]},
        second={"UserPoolName": "p"},
        read=shown("cognito-idp", "get_user_pool_mfa_config", "[MfaConfiguration]", UserPoolId="ref"),
        shows=(["ON"], ["OFF"]),
    ),
    Row(
        type=f"{_COGNITO}UserPoolIdentityProvider",
        first={
            **{"UserPoolId": "@Pool", "ProviderName": "Google", "ProviderType": "Google"},
            **{"ProviderDetails": {"client_id": "a"}, "AttributeMapping": {"email": "e"}, "IdpIdentifiers": ["x"]},
        },
        second={
            **{"UserPoolId": "@Pool", "ProviderName": "Google", "ProviderType": "Google"},
            "ProviderDetails": {"client_id": "a"},
        },
        read=shown(
            "cognito-idp",
            "describe_identity_provider",
            "IdentityProvider.[AttributeMapping, IdpIdentifiers || `[]`]",
            UserPoolId="p.UserPoolId",
            ProviderName="ref",
        ),
        shows=([{"email": "e"}, ["x"]], [{"username": "sub"}, []]),
        needs=_POOL,
    ),
    Row(
        type=f"{_COGNITO}IdentityPool",
        first={
            **{"AllowUnauthenticatedIdentities": True, "SupportedLoginProviders": {"graph.facebook.com": "1"}},
            "CognitoIdentityProviders": [{"ClientId": "@Client", "ProviderName": "@Pool.ProviderName"}],
        },
        second={"AllowUnauthenticatedIdentities": True},
        read=shown(
            "cognito-identity",
            "describe_identity_pool",
            "[SupportedLoginProviders || `{}`, length(CognitoIdentityProviders || `[]`)]",
            IdentityPoolId="ref",
        ),
        shows=([{"graph.facebook.com": "1"}, 1], [{}, 0]),
        needs=_CLIENT,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.type.removeprefix(_COGNITO))
def test_resource_is_created_changed_and_deleted(provisioning: Provisioning, row: Row) -> None:
    follow(provisioning, row)


def test_pool_gives_what_tokens_carry(provisioning: Provisioning) -> None:
    pool = provisioning.create(f"{_COGNITO}UserPool", {}).provisioned

    host = f"cognito-idp.eu-west-1.amazonaws.com/{pool.physical_id}"
    assert dict(pool.attributes) == {
        "UserPoolId": pool.physical_id,
        "Arn": f"arn:aws:cognito-idp:eu-west-1:111122223333:userpool/{pool.physical_id}",
        "ProviderName": host,
        "ProviderURL": f"https://{host}",
    }


@pytest.mark.parametrize(
    ("generate", "length"), [pytest.param(True, 51, id="with"), pytest.param(False, 0, id="without")]
)
def test_secret_of_a_client(provisioning: Provisioning, generate: bool, length: int) -> None:
    provisioning.create(*_POOL["Pool"], logical_id="Pool")

    client = provisioning.create(f"{_COGNITO}UserPoolClient", {"UserPoolId": "@Pool", "GenerateSecret": generate})

    secret = client.provisioned.attributes["ClientSecret"]
    assert (len(secret) > 0) is (length > 0)

    changed = {"UserPoolId": "@Pool", "GenerateSecret": generate, "RefreshTokenValidity": 9}
    assert provisioning.update(client, changed).provisioned.attributes["ClientSecret"] == secret


def test_user_joins_and_leaves_a_group(provisioning: Provisioning) -> None:
    provisioning.create(*_POOL["Pool"], logical_id="Pool")
    user = {"UserPoolId": "@Pool", "Username": "ann", "UserAttributes": [{"Name": "email", "Value": "a@example.com"}]}
    provisioning.create(f"{_COGNITO}UserPoolUser", user, logical_id="User")
    provisioning.create(f"{_COGNITO}UserPoolGroup", {"UserPoolId": "@Pool"}, logical_id="Group")
    here = {"UserPoolId": provisioning.made["Pool"].provisioned.physical_id, "Username": "ann"}
    cognito = provisioning.client("cognito-idp")

    member = provisioning.create(
        f"{_COGNITO}UserPoolUserToGroupAttachment",
        {"UserPoolId": "@Pool", "Username": "@User", "GroupName": "@Group"},
    )
    during = cognito.admin_list_groups_for_user(**here)["Groups"]
    provisioning.delete(member)

    assert [group["GroupName"] for group in during] == [provisioning.made["Group"].provisioned.physical_id]
    assert cognito.admin_list_groups_for_user(**here)["Groups"] == []


def test_reset_takes_users_away_and_brings_those_of_the_deployment_back(provisioning: Provisioning) -> None:
    pool = provisioning.create("AWS::Cognito::UserPool", {})
    cognito, pool_id = provisioning.client("cognito-idp"), pool.provisioned.physical_id
    cognito.create_group(UserPoolId=pool_id, GroupName="staff")
    cognito.admin_create_user(UserPoolId=pool_id, Username="kept")
    captured = provisioning.captured(pool)
    for _ in range(2):
        cognito.admin_create_user(UserPoolId=pool_id, Username="new")
        cognito.admin_add_user_to_group(UserPoolId=pool_id, GroupName="staff", Username="new")
        cognito.admin_add_user_to_group(UserPoolId=pool_id, GroupName="staff", Username="kept")
        cognito.admin_disable_user(UserPoolId=pool_id, Username="kept")

        provisioning.reset(captured)

        (user,) = cognito.list_users(UserPoolId=pool_id)["Users"]
        assert (user["Username"], user["Enabled"]) == ("kept", True)
        assert cognito.list_users_in_group(UserPoolId=pool_id, GroupName="staff")["Users"] == []


def test_domain_and_resource_server(provisioning: Provisioning) -> None:
    provisioning.create(*_POOL["Pool"], logical_id="Pool")
    scopes = [{"ScopeName": "read", "ScopeDescription": "to read"}]

    domain = provisioning.create(f"{_COGNITO}UserPoolDomain", {"UserPoolId": "@Pool", "Domain": "mine"})
    server = provisioning.create(
        f"{_COGNITO}UserPoolResourceServer",
        {"UserPoolId": "@Pool", "Identifier": "api", "Name": "n", "Scopes": scopes},
    )

    cognito = provisioning.client("cognito-idp")
    pool_id = provisioning.made["Pool"].provisioned.physical_id
    described = cognito.describe_resource_server(UserPoolId=pool_id, Identifier="api")["ResourceServer"]
    assert (domain.provisioned.physical_id, server.provisioned.physical_id) == ("mine", "api")
    assert cognito.describe_user_pool_domain(Domain="mine")["DomainDescription"]["UserPoolId"] == pool_id
    assert described["Scopes"] == scopes
