"""KMS. A key is named by id, ARN, alias or alias's ARN; what decides is always the key.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Key Management Service"; KMS
Developer Guide, "AWS KMS condition keys" and "Controlling access to aliases" (`kms:RequestAlias`,
`kms:ResourceAliases`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Rules

Keys = dict[str, tuple[str, ...]]

_NO_KEY: Final = frozenset(
    {"ConnectCustomKeyStore", "CreateCustomKeyStore", "CreateKey", "DeleteCustomKeyStore", "DescribeCustomKeyStores"}
    | {"DisconnectCustomKeyStore", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants"}
    | {"UpdateCustomKeyStore"}
)
_DEFAULT_ALGORITHM: Final = "SYMMETRIC_DEFAULT"  # API Reference, "Encrypt", "Decrypt": EncryptionAlgorithm
_WITH_ALGORITHM: Final = frozenset({"Encrypt", "Decrypt"})
_CONTEXTS_MAX: Final = 100


def key_arn(call: ApiCall, key: str) -> str:
    """The ARN of a key; of one that is not there, what it would be. Empty for an alias of no key."""
    known = call.lookups.key_arn(call.account_id, call.region, key) if key else ""
    if known or not key or "alias/" in key:
        return known
    return key if key.startswith("arn:") else call.arn("kms", f"key/{key}")


def _on_key(call: ApiCall) -> Sequence[Need] | None:
    if call.operation in _NO_KEY:
        return [Need(action=f"kms:{call.operation}", keys=_keys(call, ""))]
    named = call.text("KeyId", "TargetKeyId")
    key = key_arn(call, named) or call.lookups.key_of_ciphertext(
        call.account_id, call.region, call.text("CiphertextBlob")
    )
    if not key:
        # A grant can be retired by its token alone, which the reference does not turn into a key.
        if call.operation == "RetireGrant":
            return [Need(action="kms:RetireGrant")]
        # Nobody can be asked about a key that is not there: KMS answers that it is not found, or the text invalid.
        return [] if named or call.text("CiphertextBlob") else None
    keys = _keys(call, key)
    if "alias/" in named:
        keys["kms:requestalias"] = ("alias/" + named.partition("alias/")[2],)
    if call.operation in _WITH_ALGORITHM:
        keys["kms:encryptionalgorithm"] = (call.text("EncryptionAlgorithm") or _DEFAULT_ALGORITHM,)
    if call.operation == "CreateGrant":
        keys["kms:grantisforawsresource"] = ("false",)
    return [Need(action=f"kms:{call.operation}", resources=(key,), keys=keys)]


def _re_encrypt(call: ApiCall) -> Sequence[Need] | None:
    source = key_arn(call, call.text("SourceKeyId")) or call.lookups.key_of_ciphertext(
        call.account_id, call.region, call.text("CiphertextBlob")
    )
    target = key_arn(call, call.text("DestinationKeyId"))
    if not source or not target:
        return None
    same = ("true" if source == target else "false",)
    return [
        Need(
            action=f"kms:ReEncrypt{way}",
            resources=(key,),
            keys={
                **_keys(call, key, context=f"{member}EncryptionContext"),
                "kms:reencryptonsamekey": same,
                "kms:encryptionalgorithm": (call.text(f"{member}EncryptionAlgorithm") or _DEFAULT_ALGORITHM,),
            },
        )
        for way, member, key in (("From", "Source", source), ("To", "Destination", target))
    ]


def _on_alias(call: ApiCall) -> Sequence[Need] | None:
    """An alias is changed by who may on the alias and on its key; on both keys when it moves."""
    alias = call.text("AliasName")
    if not alias:
        return None
    old = call.lookups.key_arn(call.account_id, call.region, alias) if call.operation != "CreateAlias" else ""
    keys = [key for key in (old, key_arn(call, call.text("TargetKeyId"))) if key]
    resources = tuple(dict.fromkeys([call.arn("kms", alias), *keys]))
    return [Need(action=f"kms:{call.operation}", resources=resources, keys=_keys(call, ""))]


def _keys(call: ApiCall, key: str, *, context: str = "EncryptionContext") -> Keys:
    keys: Keys = {"kms:calleraccount": (call.account_id,)}
    encryption_context: Any = call.members.get(context)
    if isinstance(encryption_context, dict) and encryption_context:
        texts = [(str(name), value) for name, value in encryption_context.items() if isinstance(value, str)]
        keys |= {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in texts[:_CONTEXTS_MAX]}
        keys["kms:encryptioncontextkeys"] = tuple(name for name, _ in texts[:_CONTEXTS_MAX])
    aliases = call.lookups.key_aliases(key) if key else ()
    if aliases:
        keys["kms:resourcealiases"] = aliases
    return keys


KMS: Final = Rules(
    every=_on_key,
    readers={
        "ReEncrypt": _re_encrypt,
        **dict.fromkeys(("CreateAlias", "DeleteAlias", "UpdateAlias"), _on_alias),
    },
    keys={
        "kms:grantoperations": "Operations",
        "kms:scheduledeletionpendingwindowindays": "PendingWindowInDays",
        "kms:schedulekeydeletionpendingwindowindays": "PendingWindowInDays",
    },
)
