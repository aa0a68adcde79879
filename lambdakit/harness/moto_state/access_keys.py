"""moto's access keys: in which account a caller acts.

STS registers the key of every session that it gives with IAM, in the account of the role that is assumed; the keys of
IAM users are there as well.

Private surface used: `moto.iam.models.iam_backends[account][partition].access_keys`. Canary:
tests/unit/harness/test_harness_moto_access_keys.py.
"""

from __future__ import annotations

from lambdakit.harness.moto_state.loaded import loaded


def account_of_key(access_key_id: str) -> str:
    """The account that an access key id belongs to; empty for one that moto never gave away."""
    # moto loads IAM with its first use. Asking a backend that is not there would make it, with all of AWS's policies.
    # While another thread imports the module it is there without its backends: no key was given away yet.
    backends = getattr(loaded("moto.iam.models"), "iam_backends", None)
    if backends is None or not access_key_id:
        return ""
    for account_id, partitions in list(backends.items()):
        if any(access_key_id in backend.access_keys for backend in list(partitions.values())):
            return str(account_id)
    return ""
