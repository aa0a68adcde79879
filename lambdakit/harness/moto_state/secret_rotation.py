"""moto's secrets: rotation is handed over instead of being done by moto.

moto gives a pending version the label AWSCURRENT at once, calls its own Lambda within the request, keeps no schedule
expression, and goes on giving out the old value when AWSCURRENT was moved.

Private surface used: of `moto.secretsmanager.models.SecretsManagerBackend` `secrets` and the methods named in
`SecretRotations._change`; of `FakeSecret` `arn`, `name`, `versions`, `default_version_id`, `is_deleted`, `to_dict`,
`to_short_dict` and the attributes that begin with `rotation_`, `next_rotation_date`, `last_rotation_date`,
`auto_rotate_after_days`. Canary: tests/unit/harness/test_harness_moto_other_services.py.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from types import ModuleType
from typing import Any, Final, Protocol

from lambdakit.harness.moto_state.loaded import change_when_loaded, loaded
from lambdakit.records import dataclass

PENDING: Final = "AWSPENDING"
CURRENT: Final = "AWSCURRENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret, as far as rotation goes. function: its ARN, empty without one. rules: as the API takes them.

    pending: the version that a rotation has not made current; empty for none.
    """

    account_id: str
    region: str
    arn: str
    name: str
    function: str
    is_enabled: bool
    is_deleted: bool
    has_value: bool
    rules: Mapping[str, Any] = field(default_factory=dict)
    pending: str = ""
    last: datetime | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Its account and region."""
        return self.account_id, self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRequest:
    """`RotateSecret`. function, rules: None where the request leaves them as they are. token: of the new version."""

    secret: Secret
    token: str
    function: str | None
    rules: Mapping[str, Any] | None
    immediately: bool


class RotationWatch(Protocol):
    """Who does rotations, in the thread of who asks for them."""

    def rotate(self, request: RotationRequest) -> None:
        """Configures a rotation and begins it. Raises what `refuse` gives."""

    def cancelled(self, secret: Secret) -> None:
        """The rotation was switched off, or the secret is deleted."""


class SecretRotations:
    """The rotations of all accounts' secrets. Make it before moto's service is loaded."""

    def __init__(self) -> None:
        self._watch: RotationWatch | None = None
        change_when_loaded(self._change)

    def watch(self, watch: RotationWatch) -> None:
        """From now on `watch` does what is asked for."""
        self._watch = watch

    def find(self, place: tuple[str, str], arn: str) -> Secret | None:
        """A secret by ARN; None for one that is gone or is a replica."""
        from moto.secretsmanager.models import secretsmanager_backends

        backend = secretsmanager_backends[place[0]][place[1]]
        found = backend.secrets.get(arn)
        return _secret(found) if found is not None and hasattr(found, "rotation_lambda_arn") else None

    def all(self) -> Sequence[Secret]:
        """Every secret that is rotated."""
        models: Any = loaded("moto.secretsmanager.models")
        if models is None:
            return []
        return [
            _secret(held)
            for regions in list(models.secretsmanager_backends.values())
            for backend in list(regions.values())
            for held in list(dict.values(backend.secrets))
            if getattr(held, "rotation_enabled", False) and not held.is_deleted()
        ]

    def configure(self, secret: Secret, function: str, rules: Mapping[str, Any], *, due: datetime | None) -> None:
        """Keeps how a secret is rotated. due: when the next time is; None without a schedule."""
        held = _held(secret)
        held.rotation_requested = True
        held.rotation_enabled = True
        held.rotation_lambda_arn = function
        held.lambdakit_rules = dict(rules)
        held.auto_rotate_after_days = rules.get("AutomaticallyAfterDays", 0)
        held.next_rotation_date = None if due is None else int(due.timestamp())

    def add_pending(self, secret: Secret, token: str, at: datetime) -> None:
        """A version without a value, which the function is to give it."""
        held = _held(secret)
        _without(held, PENDING)
        version = held.versions.setdefault(
            token, {"createdate": int(at.timestamp()), "version_id": token, "version_stages": []}
        )
        version["version_stages"].append(PENDING)

    def drop_pending(self, secret: Secret, token: str) -> None:
        """Takes a pending version away that has no value."""
        held = _held(secret)
        version = held.versions.get(token)
        if version is not None and "secret_string" not in version and "secret_binary" not in version:
            del held.versions[token]
        else:
            _without(held, PENDING)

    def finished(self, secret: Secret, at: datetime) -> None:
        """Keeps when a secret was rotated last."""
        _held(secret).last_rotation_date = int(at.timestamp())

    def refuse(self, code: str, message: str) -> Exception:
        """The exception that makes moto answer with an error of the API."""
        from moto.core.exceptions import JsonRESTError

        return JsonRESTError(code, message)

    def _change(self, module: ModuleType) -> None:
        if module.__name__ != "moto.secretsmanager.models":
            return
        names: Any = vars(module)
        backend = names["SecretsManagerBackend"]
        backend.rotate_secret = _around(backend.rotate_secret, self._rotate)
        backend.cancel_rotate_secret = _around(backend.cancel_rotate_secret, self._cancel)
        backend.delete_secret = _around(backend.delete_secret, self._delete)
        backend.update_secret_version_stage = _around(backend.update_secret_version_stage, _follow_current)
        secret = names["FakeSecret"]
        secret.to_dict = _around(secret.to_dict, _with_rules)

    def _rotate(
        self,
        backend: Any,
        own: Callable[..., str],
        secret_id: str,
        client_request_token: str | None = None,
        rotation_lambda_arn: str | None = None,
        rotation_rules: dict[str, Any] | None = None,
        rotate_immediately: bool = True,
    ) -> str:
        found = backend.describe_secret(secret_id)
        if self._watch is None or not hasattr(found, "rotation_lambda_arn"):
            return own(secret_id, client_request_token, rotation_lambda_arn, rotation_rules, rotate_immediately)
        if client_request_token:
            backend._client_request_token_validator(client_request_token)
        token = client_request_token or str(uuid.uuid4())
        self._watch.rotate(
            RotationRequest(
                secret=_secret(found),
                token=token,
                function=rotation_lambda_arn,
                rules=rotation_rules,
                immediately=rotate_immediately,
            )
        )
        return json.dumps({"ARN": found.arn, "Name": found.name, "VersionId": token})

    def _cancel(self, backend: Any, own: Callable[..., str], secret_id: str) -> str:
        answer = own(secret_id)
        if self._watch is not None:
            self._watch.cancelled(_secret(backend.secrets[secret_id]))
        return answer

    def _delete(self, backend: Any, own: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        found = backend.secrets.get(arguments[0] if arguments else named["secret_id"])
        answer = own(*arguments, **named)
        if self._watch is not None and found is not None and hasattr(found, "rotation_lambda_arn"):
            self._watch.cancelled(_secret(found))
        return answer


def _around(own: Callable[..., Any], then: Callable[..., Any]) -> Callable[..., Any]:
    own = getattr(own, "__wrapped__", own)

    @functools.wraps(own)
    def around(held: Any, *arguments: Any, **named: Any) -> Any:
        return then(held, functools.partial(own, held), *arguments, **named)

    return around


def _follow_current(backend: Any, own: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What is given out without a label is the version that has AWSCURRENT."""
    answer = own(*arguments, **named)
    secret = backend.secrets[arguments[0] if arguments else named["secret_id"]]
    for number, version in secret.versions.items():
        if CURRENT in version["version_stages"]:
            secret.set_default_version_id(number)
    return answer


def _with_rules(secret: Any, own: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    described = own()
    rules = getattr(secret, "lambdakit_rules", None)
    if rules is not None and "RotationRules" in described:
        described["RotationRules"] = dict(rules)
    return described


def _held(secret: Secret) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    return secretsmanager_backends[secret.account_id][secret.region].secrets[secret.arn]


def _without(held: Any, label: str) -> None:
    for version in held.versions.values():
        version["version_stages"][:] = [stage for stage in version["version_stages"] if stage != label]


def _secret(held: Any) -> Secret:
    last = held.last_rotation_date
    return Secret(
        account_id=held.account_id,
        region=held.region,
        arn=held.arn,
        name=held.name,
        function=held.rotation_lambda_arn or "",
        is_enabled=bool(held.rotation_enabled),
        is_deleted=bool(held.is_deleted()),
        has_value=bool(held.versions),
        rules=dict(getattr(held, "lambdakit_rules", None) or {}),
        pending=_pending(held.versions),
        last=None if last is None else datetime.fromtimestamp(last).astimezone(),
    )


def _pending(versions: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    for number, version in versions.items():
        stages = version["version_stages"]
        if PENDING in stages and CURRENT not in stages:
            return number
    return ""
