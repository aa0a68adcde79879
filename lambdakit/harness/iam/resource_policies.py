"""The policy of a resource, compiled: who may do what with a queue, a bucket, a key, a function …

In: an ARN. Out: its policy, ready for decisions. Documents are compiled once and kept until the resource has others;
what is stored but is no valid policy allows and denies nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.iam.policy_document import NamedPolicy, parse_policy
from lambdakit.harness.iam.policy_json import MalformedPolicy
from lambdakit.harness.iam.public_access import is_public, within_account
from lambdakit.harness.moto_state.resource_policies import Document, StoredPolicy, bucket_named, stored_policy

_KEPT_MAX: Final = 4096
_SHORT_API: Final = "execute-api:/"

LambdaPolicy = Callable[[str], Mapping[str, Any] | str | None]


class ResourcePolicies:
    """The policies of all resources of the account, and of every other one.

    lambda_policy: the document of a function, version, alias or layer version, by ARN; None for one without. It may
    be asked for every request: the same statements are compiled once.
    """

    def __init__(self, lambda_policy: LambdaPolicy) -> None:
        self._lambda_policy = lambda_policy
        self._compiled: dict[str, tuple[tuple[object, ...], NamedPolicy | None]] = {}

    def of(self, resource_arn: str) -> NamedPolicy | None:
        """The policy that counts for a resource; None for one without, and for what has no such thing.

        An object's is its bucket's, an index's its table's. A function's is not its versions' and aliases': each has
        its own (Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda").
        """
        stored = self._of_function(resource_arn) if ":lambda:" in resource_arn[:24] else stored_policy(resource_arn)
        if stored is None:
            return None
        kept = self._compiled.get(stored.holder)
        if kept is not None and _are_same(kept[0], stored.parts):
            return kept[1]
        policy = _compile(stored)
        if len(self._compiled) >= _KEPT_MAX:
            self._compiled.clear()
        self._compiled[stored.holder] = (stored.parts, policy)
        return policy

    def required(self, resource_arn: str) -> bool:
        """Whether the resource's own policy has to allow a request of its own account as well.

        So for KMS keys alone, which leave it to IAM by naming their account.
        Source: AWS KMS Developer Guide, "Key policies in AWS KMS".
        """
        parts = resource_arn.split(":", 5)
        return len(parts) == 6 and parts[2] == "kms" and parts[5].startswith(("key/", "alias/"))

    def account_of(self, resource_arn: str) -> str:
        """The account of a resource; empty where neither the ARN nor its bucket tells."""
        parts = resource_arn.split(":", 5)
        if len(parts) != 6:
            return ""
        if parts[4] or parts[2] != "s3":
            return parts[4]
        bucket = bucket_named(parts[5].partition("/")[0])
        return "" if bucket is None else str(bucket.account_id)

    def _of_function(self, arn: str) -> StoredPolicy | None:
        document = self._lambda_policy(arn)
        if not document:
            return None
        parts: tuple[object, ...] = (document,)
        if isinstance(document, Mapping):
            parts = tuple(_listed(document.get("Statement")))
        return StoredPolicy(holder=arn, account_id=arn.split(":", 5)[4], parts=parts, documents=lambda: [document])


def rest_api_policy(text: str, api_arn: str, account_id: str) -> NamedPolicy | None:
    """A REST API's resource policy, from its text; None for one that cannot be read."""
    return _compile(StoredPolicy(holder=api_arn, account_id=account_id, parts=(text,), documents=lambda: [text]))


def _are_same(kept: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Whether these are the same objects, or equal ones: an object is not changed once it is part of a policy."""
    return len(kept) == len(now) and all(one is other or one == other for one, other in zip(kept, now, strict=True))


def _compile(stored: StoredPolicy) -> NamedPolicy | None:
    documents = [document for document in map(_read, stored.documents()) if document is not None]
    if stored.restricts_public:
        documents = [
            within_account(document, stored.account_id) if is_public(document) else document for document in documents
        ]
    if ":execute-api:" in stored.holder:
        documents = [_with_whole_arns(document, stored.holder) for document in documents]
    valid = [document for document in documents if _is_valid(document)]
    if not valid:
        return None
    if len(valid) > 1:
        statements = [statement for document in valid for statement in _listed(document.get("Statement"))]
        valid = [{"Version": "2012-10-17", "Statement": statements}]
    return NamedPolicy(name=stored.holder, document=parse_policy(valid[0], name=stored.holder))


def _read(document: Document) -> Mapping[str, Any] | None:
    if isinstance(document, Mapping):
        return document
    try:
        read = json.loads(document)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, Mapping) else None


def _is_valid(document: Mapping[str, Any]) -> bool:
    try:
        parse_policy(document)
    except MalformedPolicy:
        return False
    return True


def _with_whole_arns(document: Mapping[str, Any], api_arn: str) -> Mapping[str, Any]:
    """A REST API's policy with its short resources written out.

    Source: API Gateway Developer Guide, "API Gateway resource policy examples" (`execute-api:/stage/METHOD/path`).
    """
    return {**document, "Statement": list(_with_whole_resources(document, api_arn))}


def _with_whole_resources(document: Mapping[str, Any], api_arn: str) -> Iterator[object]:
    for statement in _listed(document.get("Statement")):
        if not isinstance(statement, Mapping):
            yield statement
            continue
        whole = dict(statement)
        for element in ("Resource", "NotResource"):
            if element in whole:
                whole[element] = [_whole(resource, api_arn) for resource in _listed(whole[element])]
        yield whole


def _whole(resource: object, api_arn: str) -> object:
    if isinstance(resource, str) and resource.startswith(_SHORT_API):
        return f"{api_arn}/{resource.removeprefix(_SHORT_API)}"
    return resource


def _listed(value: object) -> Sequence[object]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
