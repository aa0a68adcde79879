"""moto's Cognito user pools: operations that triggers have a say in are handed over instead of being answered.

What is handed over names the pool, the user and what was given, and does the rest of moto's work when it is told to.

Private surface used: of `moto.cognitoidp.responses.CognitoIdpResponse` the operations' methods, `parameters`,
`current_account` and `region`; `cognitoidp_backends[account][region]` with `user_pools`, `sessions`, `_log_user_in`
and `_validate_password`; of a pool `extended_config`, `clients`, `users`, `refresh_tokens`, `access_tokens`,
`id_tokens`, `json_web_key` and `_get_user`; of a client `generate_secret` and `secret`; of a user `id`,
`username`, `password`, `status`, `attribute_lookup`, `groups`, `enabled` and `update_attributes`.
Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import base64
import functools
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from types import ModuleType
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import change_when_loaded
from lambdakit.records import dataclass

# Of the API -> moto's method.
OPERATIONS: Final[Mapping[str, str]] = {
    "SignUp": "sign_up",
    "ConfirmSignUp": "confirm_sign_up",
    "AdminConfirmSignUp": "admin_confirm_sign_up",
    "AdminCreateUser": "admin_create_user",
    "ForgotPassword": "forgot_password",
    "ConfirmForgotPassword": "confirm_forgot_password",
    "AdminResetUserPassword": "admin_reset_user_password",
    "UpdateUserAttributes": "update_user_attributes",
    "AdminUpdateUserAttributes": "admin_update_user_attributes",
    "InitiateAuth": "initiate_auth",
    "AdminInitiateAuth": "admin_initiate_auth",
    "RespondToAuthChallenge": "respond_to_auth_challenge",
    "AdminRespondToAuthChallenge": "admin_respond_to_auth_challenge",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolUser:
    """A user. name: as the pool keeps it. attributes: `sub` among them. status: as the API names it."""

    name: str
    status: str
    is_enabled: bool
    attributes: Mapping[str, str]
    groups: Sequence[str] = ()
    roles: Sequence[str] = ()
    preferred_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A user whom a pool takes over. status: `CONFIRMED` or `RESET_REQUIRED`."""

    name: str
    password: str
    status: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class PoolCall:
    """A request about a user of a pool, and the pool as far as triggers see it. given: the request's members."""

    def __init__(self, operation: str, given: Mapping[str, Any], backend: Any, pool: Any, own: Callable[[], Any]):
        self.operation = operation
        self.given = given
        self._backend = backend
        self._pool = pool
        self._own = own

    @property
    def pool_id(self) -> str:
        """The pool's id."""
        return str(self._pool.id)

    @property
    def pool_arn(self) -> str:
        """The pool's ARN."""
        return str(self._pool.arn)

    @property
    def region(self) -> str:
        """The pool's region."""
        return str(self._pool.region)

    @property
    def account_id(self) -> str:
        """Whose the pool is."""
        return str(self._pool.account_id)

    @property
    def triggers(self) -> Mapping[str, Any]:
        """The pool's `LambdaConfig`."""
        return self._pool.extended_config.get("LambdaConfig") or {}

    @property
    def verified_automatically(self) -> Sequence[str]:
        """`AutoVerifiedAttributes`: where a code is sent to."""
        return self._pool.extended_config.get("AutoVerifiedAttributes") or ()

    @property
    def hides_missing_users(self) -> bool:
        """Whether the app client must not tell that there is no such user: `PreventUserExistenceErrors`."""
        client = self._pool.clients.get(self.given.get("ClientId"))
        return client is not None and client.extended_config.get("PreventUserExistenceErrors") == "ENABLED"

    @property
    def client_secret(self) -> str:
        """The app client's secret; empty where it has none."""
        client = self._pool.clients.get(self.given.get("ClientId"))
        return str(client.secret) if client is not None and client.generate_secret else ""

    @property
    def names_by_attribute(self) -> bool:
        """Whether users sign in by address, and are named by the pool itself."""
        return bool(self._pool.extended_config.get("UsernameAttributes"))

    def pass_on(self) -> dict[str, Any]:
        """What moto answers, after it did what was asked for. Raises moto's own error."""
        return dict(getattr(self._own(), "result", None) or {})

    def user(self, name: str) -> PoolUser | None:
        """A user by name or by the address that stands for it; None without one."""
        found = self._pool._get_user(name) if name else None
        return None if found is None else _user(found)

    def user_of_session(self, session: str) -> str:
        """Whom a session of an authentication is about; empty for one that is not known."""
        held = self._backend.sessions.get(session)
        return "" if held is None else str(held[0])

    def user_of_refresh_token(self, token: str) -> str:
        """Who got a refresh token; empty for one that is not known."""
        held = self._pool.refresh_tokens.get(token)
        return "" if held is None else str(held[1])

    def user_of_access_token(self, token: str) -> str:
        """Who got an access token; empty for one that is not known."""
        held = self._pool.access_tokens.get(token)
        return "" if held is None else str(held[1])

    def accepts_password(self, password: str) -> bool:
        """Whether the pool's policy lets a password pass."""
        from moto.core.exceptions import JsonRESTError

        try:
            self._backend._validate_password(self._pool.id, password)
        except JsonRESTError:
            return False
        return True

    def confirm(self, name: str) -> None:
        """The user has confirmed."""
        from moto.cognitoidp.models import UserStatus

        self._pool._get_user(name).status = UserStatus.CONFIRMED

    def set_attributes(self, name: str, attributes: Mapping[str, str]) -> None:
        """Sets some of a user's attributes."""
        self._pool._get_user(name).update_attributes(_expanded(attributes))

    def take_over(self, new: NewUser) -> None:
        """Makes a user with the password that is known elsewhere."""
        from moto.cognitoidp.models import CognitoIdpUser, UserStatus

        name = None if self.names_by_attribute else new.name
        attributes = dict(new.attributes)
        if name is None:
            attributes.setdefault("email" if "@" in new.name else "phone_number", new.name)
        user = CognitoIdpUser(self._pool.id, name, new.password, UserStatus[new.status], _expanded(attributes))
        self._pool.users[user.username] = user

    def rename(self, name: str, sub: str) -> None:
        """Gives a user the id that triggers were told already; in pools that name by attribute it is the name too."""
        user = self._pool._get_user(name)
        user.id = sub
        user.update_attributes(_expanded({"sub": sub}))
        if self.names_by_attribute:
            self._pool.users[sub] = self._pool.users.pop(user.username)
            user.username = sub

    def sign_in(self, name: str) -> dict[str, Any]:
        """An answer with tokens."""
        client = self._pool.clients[self.given["ClientId"]]
        answer: dict[str, Any] = self._backend._log_user_in(self._pool, client, name)
        return answer

    def reissue(self, token: str, change: Callable[[dict[str, Any]], Mapping[str, Any]]) -> str:
        """A token with other claims, in the place of one that was just made."""
        from moto.cognitoidp.models import jwt  # type: ignore[attr-defined]  # moto does not name it as its own

        header, payload, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
        claims = change(json.loads(base64.urlsafe_b64decode(payload)))
        made: str = jwt.encode(json.loads(base64.urlsafe_b64decode(header)), dict(claims), self._pool.json_web_key)
        for held in (self._pool.access_tokens, self._pool.id_tokens):
            if token in held:
                held[made] = held.pop(token)
        return made

    def refuse(self, code: str, message: str) -> Exception:
        """The exception that makes moto answer with an error of the API."""
        from moto.core.exceptions import JsonRESTError

        return JsonRESTError(code, message)


class UserPools:
    """Hands over what triggers have a say in, in the thread of who asks. Make it before anybody asks.

    serve: gives the answer's members; it may call `pass_on` and raise what `refuse` gives. check: of every call, of
    pools without triggers too, raises what `refuse` gives; absence: nothing is checked.
    """

    def __init__(
        self,
        serve: Callable[[PoolCall], Mapping[str, Any]],
        *,
        check: Callable[[PoolCall], None] = lambda call: None,
    ) -> None:
        self._serve = serve
        self._check = check
        change_when_loaded(self._change)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != "moto.cognitoidp.responses":
            return
        models: Any = module
        for operation, method in OPERATIONS.items():
            own = getattr(models.CognitoIdpResponse, method)
            own = getattr(own, "__wrapped__", own)
            setattr(models.CognitoIdpResponse, method, self._handing_over(operation, own))

    def _handing_over(self, operation: str, own: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @functools.wraps(own)
        def handed_over(response: Any) -> Any:
            from moto.core.responses import ActionResult

            given = response.parameters
            backend, pool = _pool_of(given, response.current_account, response.region)
            if pool is None:
                return own(response)
            call = PoolCall(operation, given, backend, pool, lambda: own(response))
            self._check(call)
            if not call.triggers:
                return own(response)
            return ActionResult(dict(self._serve(call)))

        return handed_over


def new_sub() -> str:
    """An id for a user who is not there yet."""
    return str(uuid.uuid4())


def _pool_of(given: Mapping[str, Any], account_id: str, region: str) -> tuple[Any, Any]:
    """The backend and the pool that a request is about: by its id, its app client or an access token of it."""
    from moto.cognitoidp.models import cognitoidp_backends

    if "UserPoolId" in given:
        backend = cognitoidp_backends[account_id][region]
        return backend, backend.user_pools.get(given["UserPoolId"])
    for regions in list(cognitoidp_backends.values()):
        for backend in list(regions.values()):
            for pool in list(backend.user_pools.values()):
                if given.get("ClientId") in pool.clients or given.get("AccessToken") in pool.access_tokens:
                    return backend, pool
    return None, None


def _user(user: Any) -> PoolUser:
    # Cognito takes the role of the group with the lowest precedence.
    groups = sorted(user.groups, key=lambda group: (group.precedence is None, group.precedence or 0, group.group_name))
    roles = [group.role_arn for group in groups if group.role_arn]
    return PoolUser(
        name=str(user.username),
        status=str(getattr(user.status, "value", user.status)),
        is_enabled=bool(user.enabled),
        attributes={name: str(value) for name, value in user.attribute_lookup.items()},
        groups=[group.group_name for group in groups],
        roles=roles,
        preferred_role=roles[0] if roles else None,
    )


def _expanded(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
