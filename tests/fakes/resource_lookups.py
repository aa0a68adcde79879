"""An account's answers about its resources, written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResources:
    """What is known; nothing of everything else.

    tagged: by ARN. objects: tags by bucket and key. buckets: accounts by name. secrets, keys: ARN by what it is called.
    aliases: by a key's ARN. ciphertexts: a key's ARN by what it made. identities: ARN by kind and name.
    mappings: a function's ARN by UUID. partition_keys: by a table's ARN, or `ARN/index/NAME`. iterators: a stream's
    name by shard iterator. addresses: SES's identity by address. deployments: group's ARN by id. tasks: roles by task
    definition. urls: who may call
    the URL of a function, by its ARN. subnets: a VPC's id by subnet. rotations: a function's ARN by a secret's.
    """

    tagged: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    objects: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    buckets: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ciphertexts: Mapping[str, str] = field(default_factory=dict)
    identities: Mapping[tuple[str, str], str] = field(default_factory=dict)
    mappings: Mapping[str, str] = field(default_factory=dict)
    partition_keys: Mapping[str, str] = field(default_factory=dict)
    iterators: Mapping[str, str] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    deployments: Mapping[str, str] = field(default_factory=dict)
    tasks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    subnets: Mapping[str, str] = field(default_factory=dict)
    rotations: Mapping[str, str] = field(default_factory=dict)

    def tags(self, arn: str) -> Mapping[str, str]:
        return self.tagged.get(arn, {})

    def object_tags(self, bucket: str, key: str, version: str) -> Mapping[str, str]:
        return self.objects.get((bucket, key), {})

    def bucket_account(self, bucket: str) -> str:
        return self.buckets.get(bucket, "")

    def secret_arn(self, account_id: str, region: str, secret: str) -> str:
        return self.secrets.get(secret, "")

    def key_arn(self, account_id: str, region: str, key: str) -> str:
        return self.keys.get(key, "")

    def key_aliases(self, key_arn: str) -> tuple[str, ...]:
        return self.aliases.get(key_arn, ())

    def key_of_ciphertext(self, account_id: str, region: str, ciphertext: str) -> str:
        return self.ciphertexts.get(ciphertext, "")

    def identity_arn(self, account_id: str, kind: str, name: str) -> str:
        return self.identities.get((kind, name), "")

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        return self.mappings.get(uuid, "")

    def partition_key(self, table_arn: str, index: str) -> str:
        return self.partition_keys.get(f"{table_arn}/index/{index}" if index else table_arn, "")

    def stream_of_iterator(self, iterator: str) -> str:
        return self.iterators.get(iterator, "")

    def email_identity(self, account_id: str, region: str, address: str) -> str:
        return self.addresses.get(address, "")

    def task_roles(self, account_id: str, region: str, task_definition: str) -> tuple[str, ...]:
        return self.tasks.get(task_definition, ())

    def deployment_group(self, account_id: str, region: str, deployment_id: str) -> str:
        return self.deployments.get(deployment_id, "")

    def url_auth_type(self, function_arn: str) -> str:
        return self.urls.get(function_arn, "")

    def vpcs_of_subnets(self, account_id: str, region: str, subnet_ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.subnets[one] for one in subnet_ids if one in self.subnets))

    def rotation_function(self, secret_arn: str) -> str:
        return self.rotations.get(secret_arn, "")
