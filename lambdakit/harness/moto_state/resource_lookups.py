"""What moto knows of the resources that a request names: full ARNs, keys, tags.

Everything is read as it is; nothing is made by asking, no service is loaded and no backend created. What moto does not
hold has no tags and no ARN. Lambda's functions are not moto's: what is asked of them goes to `functions`.

Private surface used: for each service below `moto.SERVICE.models.SERVICE_backends` by account and region (S3 and IAM:
by account and partition), and of the backends: DynamoDB's `tables[name]` with `tags`, `hash_key_attr`, `indexes` and
`global_indexes` with `schema` and `name`; SQS's `queues[name].tags`; SNS's `topics[arn]._tags`; Kinesis's
`streams[name].tags`; Secrets Manager's `secrets[name]` with `arn`, `name`, `tags` and `rotation_lambda_arn`; EC2's
`subnets[zone][id].vpc_id`; SSM's `_resource_tags["Parameter"][name]`; KMS's `keys[id]` with `arn` and `aliases`; IAM's
`roles`, `users`, `groups` and `instance_profiles`; S3's `buckets[name]` with `account_id`, `arn` and `keys`; SES's
`email_identities`; ECS's `task_definitions[family][revision]`; the `tagger` of the others; and
`decompose_shard_iterator` of `moto.kinesis.utils`. Canary: tests/unit/harness/test_harness_moto_resource_lookups.py.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from lambdakit.arn import PARTITIONS, partition_of
from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.tagged import tags_of_pairs, tags_of_tagger

_KEY_ID_LENGTH: Final = 36  # of moto's ciphertexts, which begin with the id of their key
_NO_TAGS: Final[Mapping[str, str]] = {}


class FunctionLookups(Protocol):
    """What the Lambda service knows of its functions."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a function, layer or mapping."""

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        """The ARN of the function of an event source mapping; empty for an unknown one."""

    def url_auth_type(self, function_arn: str) -> str:
        """Who may call the URL of a function or alias; empty without one."""


class NoFunctions:
    """Nothing is known of any function."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """None."""
        return _NO_TAGS

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        """Empty."""
        return ""

    def url_auth_type(self, function_arn: str) -> str:
        """Empty."""
        return ""


class MotoLookups:
    """The lookups of authorisation, over what moto holds. functions: absent, functions have no tags and no mappings."""

    def __init__(self, functions: FunctionLookups | None = None) -> None:
        self._functions = NoFunctions() if functions is None else functions

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource; none for one that is not there, or whose tags moto does not keep."""
        parts = arn.split(":", 5)
        if len(parts) != 6:
            return _NO_TAGS
        _, partition, service, region, account_id, resource = parts
        if service == "lambda":
            return self._functions.tags(arn)
        if service == "s3":
            return _bucket_tags(partition, resource)
        if service == "iam":
            return _identity_tags(account_id, partition, resource)
        backend = backend_of(service, account_id, region)
        if backend is None:
            return _NO_TAGS
        find = _TAGS.get(service)
        return tags_of_tagger(backend, arn) if find is None else find(backend, resource, arn)

    def object_tags(self, bucket: str, key: str, version: str) -> Mapping[str, str]:
        """The tags of an object's version; of its newest without one."""
        found = _bucket(bucket)
        if found is None:
            return _NO_TAGS
        backend, held = found
        versions = held.keys.getlist(key) if key in held.keys else []
        wanted = [one for one in versions or () if not version or str(getattr(one, "version_id", "")) == version]
        arn = getattr(wanted[-1], "arn", "") if wanted else ""
        return tags_of_tagger(backend, arn) if arn else _NO_TAGS

    def bucket_account(self, bucket: str) -> str:
        """The account that owns a bucket; empty for an unknown one."""
        found = _bucket(bucket)
        return "" if found is None else str(found[1].account_id)

    def secret_arn(self, account_id: str, region: str, secret: str) -> str:
        """The ARN of a secret by name, ARN, or ARN without its random end; empty for an unknown one."""
        parts = secret.split(":", 6)
        if secret.startswith("arn:") and len(parts) == 7:
            region, account_id, secret = parts[3], parts[4], parts[6]
        backend = backend_of("secretsmanager", account_id, region)
        if backend is None:
            return ""
        for name in (secret, secret[:-7] if secret[-7:-6] == "-" else ""):
            held = dict.get(backend.secrets, name) if name else None
            if held is not None:
                return str(held.arn)
        return ""

    def key_arn(self, account_id: str, region: str, key: str) -> str:
        """The ARN of a key by id, ARN, alias or alias's ARN; empty for an unknown one."""
        parts = key.split(":", 5)
        if key.startswith("arn:") and len(parts) == 6:
            region, account_id, key = parts[3], parts[4], parts[5].removeprefix("key/")
        backend = backend_of("kms", account_id, region)
        if backend is None:
            return ""
        if not key.startswith("alias/"):
            held = backend.keys.get(key)
            return "" if held is None else str(held.arn)
        return next((str(held.arn) for held in list(backend.keys.values()) if key in held.aliases), "")

    def key_aliases(self, key_arn: str) -> tuple[str, ...]:
        """The aliases of a key."""
        parts = key_arn.split(":", 5)
        backend = backend_of("kms", parts[4], parts[3]) if len(parts) == 6 else None
        held = None if backend is None else backend.keys.get(parts[5].removeprefix("key/"))
        return () if held is None else tuple(held.aliases)

    def key_of_ciphertext(self, account_id: str, region: str, ciphertext: str) -> str:
        """The ARN of the key that made a ciphertext in base64; empty for what no key made."""
        try:
            head = base64.b64decode(ciphertext[:64], validate=False)[:_KEY_ID_LENGTH].decode("ascii")
        except (ValueError, binascii.Error):
            return ""
        return self.key_arn(account_id, region, head) if head else ""

    def identity_arn(self, account_id: str, kind: str, name: str) -> str:
        """The ARN of an IAM role, user, group or instance profile; empty for an unknown one."""
        held = {"role": "roles", "user": "users", "group": "groups", "instance-profile": "instance_profiles"}.get(
            kind, ""
        )
        backends = [backend_of("iam", account_id, partition) for partition in PARTITIONS] if held else []
        found = (one for backend in backends if backend is not None for one in list(getattr(backend, held).values()))
        return next((str(one.arn) for one in found if one.name == name), "")

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        """The ARN of the function of an event source mapping; empty for an unknown one."""
        return self._functions.mapping_function(account_id, region, uuid)

    def url_auth_type(self, function_arn: str) -> str:
        """Who may call the URL of a function, or of the alias in its ARN; empty without a URL."""
        return self._functions.url_auth_type(function_arn)

    def vpcs_of_subnets(self, account_id: str, region: str, subnet_ids: Sequence[str]) -> tuple[str, ...]:
        """The VPCs of some subnets; none of unknown ones."""
        backend = backend_of("ec2", account_id, region)
        zones = [] if backend is None else list(backend.subnets.values())
        held = [zone[subnet_id] for subnet_id in subnet_ids for zone in zones if subnet_id in zone]
        return tuple(dict.fromkeys(str(subnet.vpc_id) for subnet in held))

    def rotation_function(self, secret_arn: str) -> str:
        """The function that rotates a secret; empty for an unknown one, and for one without rotation."""
        parts = secret_arn.split(":", 6)
        backend = backend_of("secretsmanager", parts[4], parts[3]) if len(parts) == 7 else None
        held = None if backend is None else dict.get(backend.secrets, parts[6][:-7])
        return str(getattr(held, "rotation_lambda_arn", "") or "")

    def partition_key(self, table_arn: str, index: str) -> str:
        """The name of the partition key of a table, or of its index; empty for an unknown one."""
        parts = table_arn.split(":", 5)
        backend = backend_of("dynamodb", parts[4], parts[3]) if len(parts) == 6 else None
        table = None if backend is None else backend.tables.get(parts[5].removeprefix("table/").partition("/")[0])
        if table is None:
            return ""
        if not index:
            return str(table.hash_key_attr)
        schema: Sequence[Any] = next(
            (one.schema for one in (*table.indexes, *table.global_indexes) if one.name == index), ()
        )
        return next((str(key["AttributeName"]) for key in schema if key.get("KeyType") == "HASH"), "")

    def stream_of_iterator(self, iterator: str) -> str:
        """The name of the stream that a shard iterator of Kinesis reads; empty for what is none."""
        utilities = loaded("moto.kinesis.utils")
        if utilities is None or not iterator:
            return ""
        try:
            return str(utilities.decompose_shard_iterator(iterator)[0])
        except (ValueError, binascii.Error):
            return ""

    def email_identity(self, account_id: str, region: str, address: str) -> str:
        """The verified identity that an address is sent from: itself, its domain or one above; empty for neither."""
        backend = backend_of("ses", account_id, region)
        held = getattr(backend, "email_identities", {})
        domain = address.rpartition("@")[2].lower()
        labels = domain.split(".")
        above = (".".join(labels[place:]) for place in range(len(labels) - 1))
        return next((name for name in (address, *above) if name in held), "")

    def task_roles(self, account_id: str, region: str, task_definition: str) -> tuple[str, ...]:
        """The roles of a task definition, by family, `family:revision` or ARN; none of an unknown one."""
        backend = backend_of("ecs", account_id, region)
        family, _, revision = task_definition.rpartition("/")[2].partition(":")
        revisions = {} if backend is None else backend.task_definitions.get(family, {})
        number = int(revision) if re.fullmatch(r"[0-9]{1,9}", revision) else max(revisions, default=0)
        held = revisions.get(number)
        roles = (getattr(held, "task_role_arn", None), getattr(held, "execution_role_arn", None))
        return tuple(str(role) for role in roles if role)

    def deployment_group(self, account_id: str, region: str, deployment_id: str) -> str:
        """The ARN of the group that a deployment of CodeDeploy is made to; empty for an unknown one."""
        found = getattr(backend_of("codedeploy", account_id, region), "deployments", {}).get(deployment_id)
        if found is None:
            return ""
        names = f"{found.application_name}/{found.deployment_group_name}"
        return f"arn:{partition_of(region)}:codedeploy:{region}:{account_id}:deploymentgroup:{names}"


# Service in ARNs -> moto's package, where that is another.
_PACKAGES: Final[Mapping[str, str]] = {
    "cognito-idp": "cognitoidp",
    "es": "opensearch",
    "elasticloadbalancing": "elbv2",
    "states": "stepfunctions",
}


def backend_of(service: str, account_id: str, region: str) -> Any:
    """moto's backend of a service in an account and region, if it is there; None otherwise."""
    package = _PACKAGES.get(service, service.replace("-", ""))
    backends = getattr(loaded(f"moto.{package}.models"), f"{package}_backends", None)
    if backends is None:
        return None
    # `get` of these mappings makes nothing, unlike their `[]`.
    of_account = backends.get(account_id)
    return None if of_account is None else of_account.get(region)


def _bucket(name: str) -> tuple[Any, Any] | None:
    """The backend and the bucket, whoever owns it: names are unique in a partition."""
    backends = getattr(loaded("moto.s3.models"), "s3_backends", None)
    if backends is None or not name:
        return None
    for of_account in list(backends.values()):
        for backend in list(of_account.values()):
            held = backend.buckets.get(name)
            if held is not None:
                return backend, held
    return None


def _bucket_tags(partition: str, resource: str) -> Mapping[str, str]:
    """A bucket's tags; an object's are asked for otherwise."""
    found = None if "/" in resource else _bucket(resource)
    return _NO_TAGS if found is None else tags_of_tagger(found[0], f"arn:{partition}:s3:::{resource}")


def _identity_tags(account_id: str, partition: str, resource: str) -> Mapping[str, str]:
    backend = backend_of("iam", account_id, partition)
    if backend is None:
        return _NO_TAGS
    kind, _, path = resource.partition("/")
    name = path.rpartition("/")[2]
    if kind != "role":
        return tags_of_tagger(backend, f"arn:{partition}:iam::{account_id}:{resource}")
    role = next((role for role in list(backend.roles.values()) if role.name == name), None)
    return _NO_TAGS if role is None else tags_of_pairs(list(role.tags or ()))


def _table_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    table = backend.tables.get(resource.removeprefix("table/").partition("/")[0])
    return _NO_TAGS if table is None else tags_of_pairs(table.tags)


def _queue_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    queue = backend.queues.get(resource)
    return _NO_TAGS if queue is None else dict(queue.tags)


def _topic_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    topic = backend.topics.get(arn)
    return _NO_TAGS if topic is None else dict(topic._tags)


def _stream_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    stream = backend.streams.get(resource.removeprefix("stream/").partition("/")[0])
    return _NO_TAGS if stream is None else dict(stream.tags)


def _secret_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    secret = dict.get(backend.secrets, resource.removeprefix("secret:")[:-7])
    return _NO_TAGS if secret is None else tags_of_pairs(secret.tags or ())


def _parameter_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    held = backend._resource_tags.get("Parameter", {})
    name = resource.removeprefix("parameter/")
    return dict(held.get(f"/{name}") or held.get(name) or {})


def _key_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    return tags_of_tagger(backend, resource.removeprefix("key/"))


def _log_group_tags(backend: Any, resource: str, arn: str) -> Mapping[str, str]:
    group = arn.partition(":log-stream:")[0]
    return tags_of_tagger(backend, group) or tags_of_tagger(backend, f"{group}:*")


_TAGS: Final[Mapping[str, Callable[[Any, str, str], Mapping[str, str]]]] = {
    "dynamodb": _table_tags,
    "kinesis": _stream_tags,
    "kms": _key_tags,
    "logs": _log_group_tags,
    "secretsmanager": _secret_tags,
    "sns": _topic_tags,
    "sqs": _queue_tags,
    "ssm": _parameter_tags,
}
