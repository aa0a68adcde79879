"""What a request does not say of its resources, and only the account knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class ResourceLookups(Protocol):
    """Answers about the resources of the account, in process and without making any. Unknown resources have nothing."""

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a resource."""

    def object_tags(self, bucket: str, key: str, version: str) -> Mapping[str, str]:
        """The tags of an object in S3; of its newest version when `version` is empty."""

    def bucket_account(self, bucket: str) -> str:
        """The account that owns a bucket; empty for an unknown one."""

    def secret_arn(self, account_id: str, region: str, secret: str) -> str:
        """The whole ARN, with its six random characters, of a secret by its name or by an ARN without them."""

    def key_arn(self, account_id: str, region: str, key: str) -> str:
        """The ARN of a KMS key by its id, its ARN, `alias/NAME` or an alias's ARN; empty for an unknown one."""

    def key_aliases(self, key_arn: str) -> tuple[str, ...]:
        """The aliases of a KMS key, each as `alias/NAME`."""

    def identity_arn(self, account_id: str, kind: str, name: str) -> str:
        """The ARN with its path of an IAM `role`, `user`, `group` or `instance-profile`; empty for an unknown one."""

    def mapping_function(self, account_id: str, region: str, uuid: str) -> str:
        """The ARN of the function that an event source mapping of Lambda invokes; empty for an unknown one."""

    def url_auth_type(self, function_arn: str) -> str:
        """Who may call the URL of a function, or of the alias in its ARN: `NONE`, `AWS_IAM`; empty without a URL."""

    def vpcs_of_subnets(self, account_id: str, region: str, subnet_ids: Sequence[str]) -> tuple[str, ...]:
        """The ids of the VPCs that some subnets are in; none of unknown ones."""

    def rotation_function(self, secret_arn: str) -> str:
        """The ARN of the function that rotates a secret; empty for an unknown one, and for one without rotation."""

    def key_of_ciphertext(self, account_id: str, region: str, ciphertext: str) -> str:
        """The ARN of the KMS key that made a ciphertext, which is in base64; empty for what no key made."""

    def partition_key(self, table_arn: str, index: str) -> str:
        """The name of the partition key of a DynamoDB table, or of an index of it; empty for an unknown one."""

    def stream_of_iterator(self, iterator: str) -> str:
        """The name of the Kinesis stream that a shard iterator reads; empty for what is none."""

    def email_identity(self, account_id: str, region: str, address: str) -> str:
        """The identity of SES that an address is sent from: itself, its domain or one above; empty for neither."""

    def task_roles(self, account_id: str, region: str, task_definition: str) -> tuple[str, ...]:
        """The ARNs of the roles that a task definition of ECS names, by its family, `family:revision` or ARN."""

    def deployment_group(self, account_id: str, region: str, deployment_id: str) -> str:
        """The ARN of the group that a deployment of CodeDeploy is made to; empty for an unknown one."""
