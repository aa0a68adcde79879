"""What moto has made, under an id that was given elsewhere: keys, certificates, zones, user pools, load balancers.

Their services draw an id for what they make, so that it is changed in moto's own state before anybody knows it.

Private surface used: `kms_backends[account][region].keys`, `acm_backends[account][region]._certificates`,
`route53_backends[account][partition].zones`, `cognitoidp_backends[account][region].user_pools`,
`elbv2_backends[account][region].load_balancers` and the balancers' `listeners`; `id`, `arn`, `resource_id` and
`_default_rule` of those; `secretsmanager_backends[account][region].secrets` with `name` and `arn`;
`dynamodb_backends[account][region].tables` with `latest_stream_label`.
Canary: tests/unit/harness/test_harness_moto_wanted_resources.py.
"""

from __future__ import annotations

from typing import Any

from lambdakit.arn import PARTITIONS
from lambdakit.harness.moto_state.resource_policies import backend_of


def rename_key(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a KMS key another id. Both are plain ids."""
    from moto.kms.models import kms_backends

    keys = kms_backends[account_id][region].keys
    key: Any = keys.pop(drawn)
    key.id, key.arn = wanted, str(key.arn).replace(drawn, wanted)
    keys[wanted] = key


def forget_key(identity: str, *, account_id: str, region: str) -> None:
    """Takes a KMS key away; its service would only schedule that."""
    from moto.kms.models import kms_backends

    kms_backends[account_id][region].keys.pop(identity, None)


def rename_certificate(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a certificate another ARN, and has it issued."""
    from moto.acm.models import acm_backends

    certificates = acm_backends[account_id][region]._certificates
    certificate: Any = certificates.pop(drawn)
    certificate.arn, certificate.status = wanted, "ISSUED"
    certificates[wanted] = certificate


def rename_zone(drawn: str, wanted: str, *, account_id: str) -> None:
    """Gives a hosted zone another id. Both are plain ids, without `/hostedzone/`."""
    backends = (backend_of("route53", account_id, partition) for partition in PARTITIONS)
    zones = next(backend.zones for backend in backends if backend is not None and drawn in backend.zones)
    zone: Any = zones.pop(drawn)
    zone.resource_id = wanted
    zones[wanted] = zone


def rename_user_pool(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a user pool another id."""
    from moto.cognitoidp.models import cognitoidp_backends

    pools = cognitoidp_backends[account_id][region].user_pools
    pool: Any = pools.pop(drawn)
    pool.id, pool.arn = wanted, str(pool.arn).replace(drawn, wanted)
    pools[wanted] = pool


def rename_secret(name: str, wanted: str, *, account_id: str, region: str) -> bool:
    """Gives the secret of a name another ARN. Whether there is such a secret, and it had another one."""
    from moto.secretsmanager.models import secretsmanager_backends

    secrets = list(dict.values(secretsmanager_backends[account_id][region].secrets))
    taken = {str(secret.arn) for secret in secrets} | {str(secret.name) for secret in secrets}
    # A name may end as an ARN's six characters do: then the text is no ARN with those, but one without.
    if wanted in taken or wanted.partition(":secret:")[2] in taken or name not in taken:
        return False
    secret: Any = next(secret for secret in secrets if secret.name == name)
    secret.arn = wanted
    return True


def rename_table_stream(table: str, label: str, *, account_id: str, region: str) -> bool:
    """Gives a table's stream another label. Whether there is a stream that has another one."""
    from moto.dynamodb.models import dynamodb_backends

    found: Any = dynamodb_backends[account_id][region].tables.get(table)
    if found is None or not found.latest_stream_label or found.latest_stream_label == label:
        return False
    found.latest_stream_label = label
    return True


def rename_load_balancer(drawn: str, wanted: str, *, account_id: str, region: str) -> None:
    """Gives a load balancer without listeners another ARN."""
    from moto.elbv2.models import elbv2_backends

    backend: Any = elbv2_backends[account_id][region]
    balancer = backend.load_balancers.pop(drawn)
    balancer.arn = wanted
    backend.load_balancers[wanted] = balancer
    backend.tagging_service.copy_tags(drawn, wanted)


def rename_listener(drawn: str, wanted: str, *, balancer: str, account_id: str, region: str) -> None:
    """Gives a listener of a load balancer another ARN. balancer: the ARN of the one it is of."""
    from moto.elbv2.models import elbv2_backends

    listeners = elbv2_backends[account_id][region].load_balancers[balancer].listeners
    listener: Any = listeners.pop(drawn)
    listener.arn = listener._default_rule[0].listener_arn = wanted
    listeners[wanted] = listener
