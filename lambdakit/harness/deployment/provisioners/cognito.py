"""`AWS::Cognito`: user pools with their clients, domains, groups and users, and identity pools.

Source: CloudFormation Template Reference, "AWS::Cognito::UserPool" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioner import Context, Created
from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of
from lambdakit.harness.moto_state import contents
from lambdakit.records import dataclass

_HOST: Final = "join('', ['cognito-idp.', region, '.amazonaws.com/', ref])"
_MFA: Final = call(
    "set_user_pool_mfa_config",
    when="p.EnabledMfas && p.MfaConfiguration != 'OFF' || was.MfaConfiguration && was.MfaConfiguration != 'OFF'",
    UserPoolId="ref",
    MfaConfiguration="p.MfaConfiguration",
    SoftwareTokenMfaConfiguration="{Enabled: contains(p.EnabledMfas || `[]`, 'SOFTWARE_TOKEN_MFA')}",
    SmsMfaConfiguration="contains(p.EnabledMfas || `[]`, 'SMS_MFA') && p.SmsConfiguration"
    " && {SmsConfiguration: p.SmsConfiguration}",
)
_POOL_NAMES: Final = {"UserPoolName": "PoolName", "EmailAuthenticationMessage": "", "EmailAuthenticationSubject": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class _PoolWithUsers(MotoBacked):
    """A user pool: its users are what it holds."""

    def capture(self, created: Created, context: Context) -> object:
        """The users that the deployment made."""
        del context
        return contents.users(*_place(created))

    def reset(self, created: Created, context: Context) -> None:
        """Takes every user away but those captured."""
        del context
        contents.restore_users(*_place(created), created.captured)


def _place(created: Created) -> tuple[str, str, str]:
    return created.resource.account_id, created.resource.region, created.provisioned.physical_id


USER_POOL: Final = _PoolWithUsers(
    service="cognito-idp",
    properties=properties_of(
        read="AccountRecoverySetting AdminCreateUserConfig AliasAttributes AutoVerifiedAttributes DeletionProtection"
        " DeviceConfiguration EmailConfiguration EmailVerificationMessage EmailVerificationSubject EnabledMfas"
        " LambdaConfig MfaConfiguration Policies Schema SmsAuthenticationMessage SmsConfiguration"
        " SmsVerificationMessage UserAttributeUpdateSettings UserPoolAddOns UserPoolName UserPoolTags UserPoolTier"
        " UsernameAttributes UsernameConfiguration VerificationMessageTemplate",
        recorded="EmailAuthenticationMessage EmailAuthenticationSubject IssuerConfiguration KeyConfiguration"
        " WebAuthnFactorConfiguration WebAuthnRelyingPartyID WebAuthnUserVerification",
    ),
    named=("UserPoolName", 128),
    defaults={"MfaConfiguration": "OFF", "DeletionProtection": "INACTIVE"},
    made_by=Call(operation="create_user_pool", renamed=_POOL_NAMES),
    reference="made.UserPool.Id",
    completed_by=(_MFA,),
    changed_by=(
        Call(operation="update_user_pool", arguments={"UserPoolId": "ref"}, renamed=_POOL_NAMES),
        call("add_custom_attributes", when="added.Schema", UserPoolId="ref", CustomAttributes="added.Schema"),
        _MFA,
    ),
    tags="UserPoolTags",
    deleted_by=(
        call("update_user_pool", UserPoolId="ref", DeletionProtection="'INACTIVE'"),
        call("delete_user_pool", UserPoolId="ref"),
    ),
    attributes={
        "UserPoolId": "ref",
        "Arn": "join('', ['arn:', partition, ':cognito-idp:', region, ':', account, ':userpool/', ref])",
        "ProviderName": _HOST,
        "ProviderURL": f"join('', ['https://', {_HOST}])",
    },
)

USER_POOL_CLIENT: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(
        read="AccessTokenValidity AllowedOAuthFlows AllowedOAuthFlowsUserPoolClient AllowedOAuthScopes"
        " AnalyticsConfiguration AuthSessionValidity CallbackURLs ClientName DefaultRedirectURI"
        " EnablePropagateAdditionalUserContextData EnableTokenRevocation ExplicitAuthFlows GenerateSecret"
        " IdTokenValidity LogoutURLs PreventUserExistenceErrors ReadAttributes RefreshTokenRotation"
        " RefreshTokenValidity SupportedIdentityProviders TokenValidityUnits UserPoolId WriteAttributes",
    ),
    named=("ClientName", 128),
    made_by=Call(operation="create_user_pool_client"),
    reference="made.UserPoolClient.ClientId",
    changed_by=(Call(operation="update_user_pool_client", arguments={"ClientId": "ref"}),),
    deleted_by=(call("delete_user_pool_client", UserPoolId="p.UserPoolId", ClientId="ref"),),
    # An update makes no new one.
    attributes={
        "ClientId": "ref",
        "ClientSecret": "att.ClientSecret || made.UserPoolClient.ClientSecret || ''",
        "Name": "name",
    },
)

USER_POOL_DOMAIN: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(read="CustomDomainConfig Domain UserPoolId", recorded="ManagedLoginVersion Routing"),
    made_by=Call(operation="create_user_pool_domain", renamed={"ManagedLoginVersion": "", "Routing": ""}),
    reference="p.Domain",
    changed_by=(
        call(
            "update_user_pool_domain",
            when="p.CustomDomainConfig",
            Domain="p.Domain",
            UserPoolId="p.UserPoolId",
            CustomDomainConfig="p.CustomDomainConfig",
        ),
    ),
    deleted_by=(call("delete_user_pool_domain", Domain="p.Domain", UserPoolId="p.UserPoolId"),),
    attributes={"CloudFrontDistribution": "att.CloudFrontDistribution || made.CloudFrontDomain || ''"},
)

USER_POOL_GROUP: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(read="Description GroupName Precedence RoleArn UserPoolId"),
    named=("GroupName", 128),
    made_by=Call(operation="create_group"),
    reference="name",
    changed_by=(Call(operation="update_group"),),
    deleted_by=(call("delete_group", GroupName="name", UserPoolId="p.UserPoolId"),),
)

USER_POOL_USER: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(
        read="ClientMetadata DesiredDeliveryMediums ForceAliasCreation MessageAction UserAttributes UserPoolId Username"
        " ValidationData",
    ),
    named=("Username", 128),
    made_by=Call(operation="admin_create_user"),
    reference="name",
    deleted_by=(call("admin_delete_user", UserPoolId="p.UserPoolId", Username="name"),),
)

USER_POOL_USER_TO_GROUP_ATTACHMENT: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(read="GroupName UserPoolId Username"),
    made_by=Call(operation="admin_add_user_to_group"),
    reference="join('|', [p.UserPoolId, p.GroupName, p.Username])",
    deleted_by=(Call(operation="admin_remove_user_from_group"),),
)

# moto neither changes nor deletes a resource server: it goes with its pool.
USER_POOL_RESOURCE_SERVER: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(read="Identifier Name Scopes UserPoolId"),
    made_by=Call(operation="create_resource_server"),
    reference="p.Identifier",
)

USER_POOL_IDENTITY_PROVIDER: Final = MotoBacked(
    service="cognito-idp",
    properties=properties_of(
        read="AttributeMapping IdpIdentifiers ProviderDetails ProviderName ProviderType UserPoolId"
    ),
    # Source: Amazon Cognito User Pools API Reference, "IdentityProviderType" (`AttributeMapping`, `IdpIdentifiers`).
    cleared={"AttributeMapping": {"username": "sub"}, "IdpIdentifiers": []},
    made_by=Call(operation="create_identity_provider"),
    reference="p.ProviderName",
    changed_by=(Call(operation="update_identity_provider"),),
    deleted_by=(call("delete_identity_provider", UserPoolId="p.UserPoolId", ProviderName="p.ProviderName"),),
)

IDENTITY_POOL: Final = MotoBacked(
    service="cognito-identity",
    properties=properties_of(
        read="AllowClassicFlow AllowUnauthenticatedIdentities CognitoIdentityProviders DeveloperProviderName"
        " IdentityPoolName IdentityPoolTags OpenIdConnectProviderARNs SamlProviderARNs SupportedLoginProviders",
        recorded="CognitoEvents CognitoStreams PushSync",
    ),
    named=("IdentityPoolName", 128),
    # An update is of the whole pool. Source: Amazon Cognito Federated Identities API Reference, "UpdateIdentityPool".
    cleared={
        "CognitoIdentityProviders": [],
        "OpenIdConnectProviderARNs": [],
        "SamlProviderARNs": [],
        "SupportedLoginProviders": {},
    },
    made_by=Call(operation="create_identity_pool"),
    reference="made.IdentityPoolId",
    changed_by=(Call(operation="update_identity_pool", arguments={"IdentityPoolId": "ref"}),),
    tags="IdentityPoolTags",
    deleted_by=(call("delete_identity_pool", IdentityPoolId="ref"),),
    attributes={"Id": "ref", "Name": "name"},
)
