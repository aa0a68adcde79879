"""Updates that say all there is to say, where moto keeps what they leave out or leave empty.

Private surface used: `moto.cognitoidp.models.CognitoIdpBackend.update_user_pool_client` and `extended_config` of a
client; `moto.secretsmanager.models.SecretsManagerBackend.update_secret`, `secrets`, and `description` and `kms_key_id`
of a secret.
Canary: tests/unit/harness/provisioners/test_provisioner_identity.py and test_provisioner_secrets.py beside it.

Source: Amazon Cognito User Pools API Reference, "UpdateUserPoolClient": "If you don't provide a value for an attribute,
Amazon Cognito sets it to its default value"; Secrets Manager API Reference, "UpdateSecret" (`Description`, `KmsKeyId`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded

# Amazon Cognito User Pools API Reference, "UserPoolClientType".
_CLIENT_DEFAULTS: Final[Mapping[str, object]] = {
    "AllowedOAuthFlowsUserPoolClient": False,
    "AuthSessionValidity": 3,
    "EnablePropagateAdditionalUserContextData": False,
    "EnableTokenRevocation": True,
    "RefreshTokenValidity": 30,
}


def update_as_a_whole() -> None:
    """From now on they take what they leave out to be gone. Idempotent."""
    change_when_loaded(_change)


def _change(module: ModuleType) -> None:
    if module.__name__ == "moto.cognitoidp.models":
        _change_clients(vars(module)["CognitoIdpBackend"])
    elif module.__name__ == "moto.secretsmanager.models":
        _change_secrets(vars(module)["SecretsManagerBackend"])


def _change_clients(backend: Any) -> None:
    own = backend.update_user_pool_client

    @functools.wraps(own)
    def update_user_pool_client(self: Any, user_pool_id: str, client_id: str, extended_config: dict[str, Any]) -> Any:
        client = own(self, user_pool_id, client_id, extended_config)
        kept = {"ClientName": client.extended_config.get("ClientName")}
        client.extended_config = {**_CLIENT_DEFAULTS, **kept, **extended_config}
        return client

    backend.update_user_pool_client = update_user_pool_client


def _change_secrets(backend: Any) -> None:
    own = backend.update_secret

    @functools.wraps(own)
    def update_secret(self: Any, secret_id: str, *args: Any, **more: Any) -> Any:
        answer = own(self, secret_id, *args, **more)
        if more.get("description") == "":
            self.secrets[secret_id].description = ""
        if more.get("kms_key_id") == "":
            self.secrets[secret_id].kms_key_id = None
        return answer

    backend.update_secret = update_secret
