"""References to the parameter store and to secrets, written into text: `{{resolve:service:key}}`.

Source: CloudFormation User Guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal

from lambdakit.assembly.codes import NOT_FOUND, WRONG_ARGUMENT
from lambdakit.assembly.place import Place, nearest, shown
from lambdakit.records import dataclass

Service = Literal["ssm", "ssm-secure", "secretsmanager"]

_MARK: Final = "{{resolve:"
_REFERENCE: Final = re.compile(r"\{\{resolve:([^{}]*)\}\}")
_SERVICES: Final[dict[str, Service]] = {
    "ssm": "ssm",
    "ssm-secure": "ssm-secure",
    "secretsmanager": "secretsmanager",
}
# arn:aws:secretsmanager:region:account:secret:name-suffix; arn:aws:ssm:region:account:parameter/name
_SECRET_ARN_PARTS: Final = 7
_PARAMETER_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicReference:
    """One reference.

    text: as it is written. name: of the parameter or secret, or its ARN.
    version: of a parameter; None for the latest.
    json_key: the key within a secret's JSON; empty for the whole secret.
    version_stage, version_id: of a secret, at most one of them; both empty for `AWSCURRENT`.
    Where a template may have one whose value is secret, `secure_strings` says.
    """

    service: Service
    name: str
    text: str
    version: int | None = None
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""


def find_dynamic_references(text: str, place: Place) -> tuple[DynamicReference, ...]:
    """The references in `text`, in order. AssemblyError for a malformed one."""
    if _MARK not in text:
        return ()
    return tuple(_parse(match, place) for match in _REFERENCE.finditer(text))


def replace_dynamic_references(text: str, lookup: Callable[[DynamicReference], str], place: Place) -> str:
    """`text` with each reference replaced by its value, which is taken as it is, references in it included.

    lookup: LookupError when there is no such value.
    """
    if _MARK not in text:
        return text

    def value(match: re.Match[str]) -> str:
        reference = _parse(match, place)
        try:
            return lookup(reference)
        except LookupError:
            raise place.error(
                f"there is no value for {shown(reference.text)}",
                NOT_FOUND,
                hint=_hint(reference),
            ) from None

    return _REFERENCE.sub(value, text)


# AWS Secrets Manager User Guide, "What's in a Secrets Manager secret?": six random characters end a secret's ARN. Six
# lower-case letters are taken for the end of the name instead, as in `shop-secret`.
_DRAWN_END: Final = re.compile(r"-(?![a-z]{6}$)[0-9A-Za-z]{6}$")


def _hint(reference: DynamicReference) -> str:
    if reference.service == "secretsmanager":
        prefix, _, whole = reference.name.rpartition(":secret:")
        drawn = _DRAWN_END.search(whole) if prefix else None
        call = 'harness.client("secretsmanager").create_secret(Name={}, SecretString="…")'
        hint = f"make it before: {call.format(shown(whole if drawn is None else whole[: drawn.start()]))}"
        return hint if drawn is None else f"{hint}, which gets this ARN then"
    type_ = "String" if reference.service == "ssm" else "SecureString"
    name = shown(reference.name)
    return f'make it before: harness.client("ssm").put_parameter(Name={name}, Type="{type_}", Value="…")'


def _parse(match: re.Match[str], place: Place) -> DynamicReference:
    text = match[0]
    name, _, key = match[1].partition(":")
    service = _SERVICES.get(name)
    if service is None:
        hint = nearest(name, _SERVICES, otherwise="ssm, ssm-secure or secretsmanager")
        raise place.error(f"{shown(text)} names no service that can be resolved", WRONG_ARGUMENT, hint=hint)
    if service == "secretsmanager":
        return _secret(key, text, place)
    return _parameter(service, key, text, place)


def _parameter(service: Service, key: str, text: str, place: Place) -> DynamicReference:
    name, segments = _split(key, _PARAMETER_ARN_PARTS)
    if not name or len(segments) > 1:
        raise place.error(
            f"{shown(text)} does not follow {{{{resolve:{service}:name:version}}}}, where the version may be left out",
            WRONG_ARGUMENT,
        )
    version = segments[0] if segments else ""
    if version and not (version.isascii() and version.isdigit() and len(version) < 20):
        raise place.error(f"{shown(version)} in {shown(text)} is not a version number", WRONG_ARGUMENT)
    return DynamicReference(service=service, name=name, text=text, version=int(version) if version else None)


def _secret(key: str, text: str, place: Place) -> DynamicReference:
    name, segments = _split(key, _SECRET_ARN_PARTS)
    kind, json_key, stage, identifier = (*segments, "", "", "", "")[:4]
    if not name or len(segments) > 4 or kind not in ("", "SecretString"):
        raise place.error(
            f"{shown(text)} does not follow "
            "{{resolve:secretsmanager:secret-id:SecretString:json-key:version-stage:version-id}}",
            WRONG_ARGUMENT,
        )
    if stage and identifier:
        raise place.error(f"{shown(text)} has both a version stage and a version id", WRONG_ARGUMENT)
    return DynamicReference(
        service="secretsmanager",
        name=name,
        text=text,
        json_key=json_key,
        version_stage=stage,
        version_id=identifier,
    )


def _split(key: str, arn_parts: int) -> tuple[str, list[str]]:
    """The name, which may be an ARN and so hold colons, and what follows it."""
    parts = key.split(":")
    length = arn_parts if parts[0] == "arn" else 1
    return ":".join(parts[:length]), parts[length:]
