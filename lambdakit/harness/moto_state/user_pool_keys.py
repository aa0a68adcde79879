"""The public keys that moto's user pools sign their tokens with.

Private surface used: `moto.cognitoidp.models.cognitoidp_backends[account][region].user_pools`;
`moto.cognitoidp.responses.CognitoIdpJsonWebKeyResponse.json_web_key`.
Canary: tests/unit/harness/test_harness_json_web_token.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.harness.moto_state.loaded import loaded


def user_pool_keys(region: str, pool_id: str) -> Sequence[Mapping[str, Any]] | None:
    """The key set of a pool, as its `jwks.json` has it; None when no account has such a pool."""
    backends = getattr(loaded("moto.cognitoidp.models"), "cognitoidp_backends", None)
    if backends is None:
        return None
    for regions in list(backends.values()):
        backend = regions.get(region)
        if backend is not None and pool_id in backend.user_pools:
            from moto.cognitoidp.responses import CognitoIdpJsonWebKeyResponse

            keys: Sequence[Mapping[str, Any]] = json.loads(CognitoIdpJsonWebKeyResponse.json_web_key)["keys"]
            return keys
    return None
