"""The policies of moto's resources, read in process: in goes a resource's ARN, out comes what is stored for it.

What is stored has not been checked by anybody: it may be no policy, or no JSON.

Private surface used: of `moto.<service>.models.<service>_backends[account][region]` the resources of `_READERS` with
the attributes read below; `s3_backends.bucket_accounts`; of a KMS key `policy`, `grants` and `aliases`.
Canary: tests/unit/harness/iam/test_iam_moto_resource_policies.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state.access_control_lists import statements_of_lists
from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.records import dataclass

Document = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPolicy:
    """The policy of a resource.

    holder: the ARN of the resource that it belongs to, such as the bucket of an object.
    account_id: whose resource it is.
    parts: objects that stay the same ones for as long as the policy stays as it is.
    documents: reads it; what several documents say counts together.
    restricts_public: a public bucket policy opens the bucket to nobody outside of its account.
    """

    holder: str
    account_id: str
    parts: tuple[object, ...]
    documents: Callable[[], Sequence[Document]]
    restricts_public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A resource's ARN in its parts; resource is what follows the account."""

    arn: str
    region: str
    account_id: str
    resource: str


def stored_policy(arn: str) -> StoredPolicy | None:
    """The policy that counts for a resource; None for one without, for what is not there and for what is no ARN.

    Lambda's resources are not moto's.
    """
    parts = arn.split(":", 5)
    if len(parts) != 6:
        return None
    read = _READERS.get(parts[2])
    if read is None:
        return None
    return read(_Named(arn=arn, region=parts[3], account_id=parts[4], resource=parts[5]))


def blocks_public_policies(bucket_name: str) -> bool:
    """Whether a bucket, or its whole account, refuses public policies.

    Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage" (the most restrictive one counts).
    """
    bucket = _bucket(bucket_name)
    return bucket is not None and any(block.block_public_policy for block in _public_access_blocks(bucket))


def backend_of(service: str, account_id: str, region: str) -> Any:
    """moto's backend of a service; None as long as nothing was made there, for asking moto would make it."""
    backends = getattr(loaded(f"moto.{service}.models"), f"{service}_backends", None)
    regions = None if backends is None else backends.get(account_id)
    return None if regions is None else regions.get(region)


def bucket_named(name: str) -> Any:
    """moto's bucket of a name, whosever it is; None when there is none."""
    return _bucket(name)


def _text(named: _Named, text: object, holder: str = "") -> StoredPolicy | None:
    """The policy that one JSON text is; None for no text."""
    if not text:
        return None
    document = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return StoredPolicy(
        holder=holder or named.arn, account_id=named.account_id, parts=(text,), documents=lambda: [_document(document)]
    )


def _document(document: object) -> Document:
    return document if isinstance(document, Mapping) else str(document)


def _statements(named: _Named, document: object) -> StoredPolicy | None:
    """The policy that a dictionary is, which changes by getting other statements; None for one without any."""
    if not isinstance(document, Mapping):
        return None
    statements = document.get("Statement")
    listed = list(statements) if isinstance(statements, list) else [statements] if statements else []
    if not listed:
        return None
    return StoredPolicy(
        holder=named.arn,
        account_id=named.account_id,
        parts=(document, *listed),
        documents=lambda: [{**document, "Statement": listed}],
    )


def _of_bucket(named: _Named) -> StoredPolicy | None:
    bucket = _bucket(named.resource.partition("/")[0])
    if bucket is None:
        return None
    lists = statements_of_lists(bucket, named.arn)
    if not bucket.policy and not lists:
        return None
    text = bucket.policy or b""
    restricts = any(block.restrict_public_buckets for block in _public_access_blocks(bucket))
    documents: list[Document] = [text.decode("utf-8", "replace") if isinstance(text, bytes) else text] if text else []
    if lists:
        documents.append({"Version": "2012-10-17", "Statement": lists})
    return StoredPolicy(
        holder=named.arn if lists else named.arn.partition("/")[0],
        account_id=bucket.account_id,
        parts=(text, restricts, *lists),
        documents=lambda: documents,
        restricts_public=restricts,
    )


def _bucket(name: str) -> Any:
    backends = getattr(loaded("moto.s3.models"), "s3_backends", None)
    if backends is None or name not in backends.bucket_accounts:
        return None
    partition, account_id = backends.bucket_accounts[name]
    backend = backend_of("s3", account_id, partition)
    return None if backend is None else backend.buckets.get(name)


def _public_access_blocks(bucket: Any) -> Sequence[Any]:
    account = backend_of("s3control", bucket.account_id, partition_of(bucket.region_name))
    blocks = (bucket.public_access_block, getattr(account, "public_access_block", None))
    return [block for block in blocks if block is not None]


def _of_queue(named: _Named) -> StoredPolicy | None:
    backend = backend_of("sqs", named.account_id, named.region)
    queue = None if backend is None else backend.queues.get(named.resource)
    return None if queue is None else _statements(named, queue._policy_json)


def _of_topic(named: _Named) -> StoredPolicy | None:
    backend = backend_of("sns", named.account_id, named.region)
    topic = None if backend is None else backend.topics.get(named.arn)
    return None if topic is None else _statements(named, topic._policy_json)


def _of_key(named: _Named) -> StoredPolicy | None:
    key = find_key(named.resource, named.account_id, named.region)
    if key is None:
        return None
    service = next((name[len(_MANAGED) :] for name in list(key.aliases) if name.startswith(_MANAGED)), "")
    own = _managed_key_policy(service, key) if service else key.policy
    grants = tuple(key.grants.values())
    return StoredPolicy(
        holder=key.arn,
        account_id=key.account_id,
        parts=(key.policy, service, *grants),
        documents=lambda: [_document(own), *(_grant_policy(grant, key.arn) for grant in grants)],
    )


def find_key(identifier: str, account_id: str, region: str) -> Any:
    """moto's key of an id, an ARN, or an alias' name or ARN; None when there is none.

    An id may begin with `key/`; account and region count for what is no ARN.
    """
    if identifier.startswith("arn:"):
        parts = identifier.split(":", 5)
        if len(parts) != 6:
            return None
        region, account_id, identifier = parts[3], parts[4], parts[5]
    backend = backend_of("kms", account_id, region)
    if backend is None:
        return None
    if identifier.startswith("alias/"):
        return next((key for key in list(backend.keys.values()) if identifier in key.aliases), None)
    return backend.keys.get(identifier.removeprefix("key/"))


def _grant_policy(grant: Any, key_arn: str) -> Mapping[str, Any]:
    """What a grant allows, written as a policy.

    Source: AWS KMS API Reference, "GrantListEntry", "GrantConstraints"; AWS KMS Developer Guide, "Grants in AWS KMS"
    (a grant allows what it lists, whatever the key policy says).
    """
    grantee = str(grant.grantee_principal)
    constraints = grant.constraints or {}
    equal = constraints.get("EncryptionContextEquals") or {}
    expected = {**(constraints.get("EncryptionContextSubset") or {}), **equal}
    condition: dict[str, dict[str, Any]] = {}
    if expected:
        condition["StringEquals"] = {f"kms:EncryptionContext:{name}": value for name, value in expected.items()}
    if equal:
        condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(equal)}
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS" if grantee.startswith("arn:") else "Service": grantee},
        "Action": [f"kms:{operation}" for operation in grant.operations or ()],
        "Resource": key_arn,
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Id": f"grant-{grant.id}", "Statement": [statement]}


def _managed_key_policy(service: str, key: Any) -> Mapping[str, Any]:
    """The policy of a key that AWS manages: everybody in the account may use it, through its service alone.

    Source: AWS KMS Developer Guide, "kms:ViaService"; Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest
    usage notes"; AWS Secrets Manager User Guide, "Secret encryption and decryption" (both quote such a policy).
    """
    through = f"{_SERVICE_OF_MANAGED_KEY.get(service, service)}.{key.region}.amazonaws.com"
    return {
        "Version": "2012-10-17",
        "Id": f"auto-{service}-1",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    *("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"),
                    *("kms:CreateGrant", "kms:DescribeKey"),
                ],
                "Resource": "*",
                "Condition": {"StringEquals": {"kms:CallerAccount": key.account_id, "kms:ViaService": through}},
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{key.account_id}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }


def _of_secret(named: _Named) -> StoredPolicy | None:
    backend = backend_of("secretsmanager", named.account_id, named.region)
    secret = None if backend is None else secret_in(backend, named.arn)
    return None if secret is None else _text(named, getattr(secret, "policy", None), secret.arn)


def secret_in(backend: Any, arn: str) -> Any:
    """moto's secret of an ARN, with or without its random end; None when there is none."""
    name = arn.partition(":secret:")[2]
    secrets = backend.secrets
    held = dict.get(secrets, name) or dict.get(secrets, name[:-7])
    if held is not None and held.arn in (arn, f"{arn}{held.arn[-7:]}"):
        return held
    return next((secret for secret in list(dict.values(secrets)) if secret.arn == arn), None)


def _of_event_bus(named: _Named) -> StoredPolicy | None:
    kind, _, name = named.resource.partition("/")
    if kind == "rule":  # a bus' policy speaks of its rules as well
        name = name.partition("/")[0] if "/" in name else "default"
    elif kind != "event-bus":
        return None
    backend = backend_of("events", named.account_id, named.region)
    bus = None if backend is None else backend.event_buses.get(name)
    if bus is None:
        return None
    statements = tuple(bus._statements.values())
    if not statements:
        return None
    return StoredPolicy(
        holder=bus.arn,
        account_id=named.account_id,
        parts=statements,
        documents=lambda: [{"Version": "2012-10-17", "Statement": [statement.describe() for statement in statements]}],
    )


def _of_repository(named: _Named) -> StoredPolicy | None:
    backend = backend_of("ecr", named.account_id, named.region)
    repository = None if backend is None else backend.repositories.get(named.resource.removeprefix("repository/"))
    return None if repository is None else _text(named, repository.policy)


def _of_stream(named: _Named) -> StoredPolicy | None:
    backend = backend_of("kinesis", named.account_id, named.region)
    return None if backend is None else _text(named, backend.resource_policies.get(named.arn))


def _of_table(named: _Named) -> StoredPolicy | None:
    backend = backend_of("dynamodb", named.account_id, named.region)
    if backend is None:
        return None
    holder = named.arn if "/stream/" in named.arn else named.arn.partition("/index/")[0]
    policy = backend.resource_policies.get(holder)
    return None if policy is None else _text(named, policy.policy_doc, holder)


def _of_domain(named: _Named) -> StoredPolicy | None:
    _, name, *_ = [*named.resource.split("/"), ""]
    backend = backend_of("opensearch", named.account_id, named.region)
    domain = None if backend is None else backend.domains.get(name)
    return None if domain is None else _text(named, domain.access_policies, domain.arn)


def _of_rest_api(named: _Named) -> StoredPolicy | None:
    api_id = named.resource.partition("/")[0]
    backend = backend_of("apigateway", named.account_id, named.region)
    api = None if backend is None else backend.apis.get(api_id)
    return None if api is None else _text(named, api.policy, f"{named.arn.rpartition(':')[0]}:{api_id}")


def _of_log_group(named: _Named) -> StoredPolicy | None:
    """A destination's own policy; for everything else those of the region, which name log groups themselves."""
    backend = backend_of("logs", named.account_id, named.region)
    if backend is None:
        return None
    if named.resource.startswith("destination:"):
        destination = backend.destinations.get(named.arn)
        return None if destination is None else _text(named, destination.access_policy)
    texts = tuple(policy.policy_document for policy in list(backend.resource_policies.values()))
    if not texts:
        return None
    return StoredPolicy(
        holder=f"{named.arn.partition(':logs:')[0]}:logs:{named.region}:{named.account_id}:*",
        account_id=named.account_id,
        parts=texts,
        documents=lambda: [_document(text) for text in texts],
    )


def _of_file_system(named: _Named) -> StoredPolicy | None:
    backend = backend_of("efs", named.account_id, named.region)
    name = named.resource.removeprefix("file-system/")
    file_system = None if backend is None else backend.file_systems_by_id.get(name)
    return None if file_system is None else _text(named, file_system.file_system_policy)


_MANAGED: Final = "alias/aws/"

# End of an alias of a key that AWS manages -> the service it is used through, where that is called otherwise.
# Source: AWS KMS Developer Guide, "Services that support the kms:ViaService condition key".
_SERVICE_OF_MANAGED_KEY: Final[Mapping[str, str]] = {"ebs": "ec2", "acm": "acm", "es": "es"}

# The service in an ARN -> who reads the policies of its resources.
_READERS: Final[Mapping[str, Callable[[_Named], StoredPolicy | None]]] = {
    "dynamodb": _of_table,
    "ecr": _of_repository,
    "elasticfilesystem": _of_file_system,
    "es": _of_domain,
    "events": _of_event_bus,
    "execute-api": _of_rest_api,
    "kinesis": _of_stream,
    "kms": _of_key,
    "logs": _of_log_group,
    "s3": _of_bucket,
    "secretsmanager": _of_secret,
    "sns": _of_topic,
    "sqs": _of_queue,
}
