"""botocore's models of the services, each read once in a harness.

moto makes a session for each look at the regions, and a loader for each model it wants: each of them lists the four
hundred folders of botocore's data, and most read a model of up to 4 MB again, for one word of it.
Measured: the first calls of twelve services take 1.4 s of a processor instead of 2.4 s.
Private surface used: `moto.core.utils.create_loader`, `moto.core.base_backend.AccountSpecificBackend.get_session`, both
without arguments, and `botocore.session.create_loader`, which sessions make their loader with. None of those who share
a loader changes what it gives. Canary: tests/unit/harness/test_harness_moto_shared_models.py.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

from lambdakit.harness.account import service_models
from lambdakit.harness.moto_state.loaded import change_when_loaded


def share_models() -> None:
    """From now on sessions share one loader, and moto, whose models say more, another. Idempotent."""
    change_when_loaded(_share)


def _share(module: ModuleType) -> None:
    changed: Any = module
    if module.__name__ == "moto.core.utils" and not hasattr(changed.create_loader, "cache_info"):
        changed.create_loader = functools.cache(changed.create_loader)
    if module.__name__ == "moto.core.base_backend":
        _share_with_sessions()
        changed.AccountSpecificBackend.get_session = staticmethod(_session_of_moto)


def _share_with_sessions() -> None:
    import botocore.loaders
    import botocore.session

    def loader(search_path_string: str | None = None) -> Any:
        if search_path_string is None:
            return service_models()
        return botocore.loaders.create_loader(search_path_string)

    botocore.session.create_loader = loader


@functools.cache
def _session_of_moto() -> Any:
    """What moto asks for the regions of a service: its own loader has read the service's model, or is about to."""
    import boto3.session
    import botocore.session
    from moto.core import utils

    own: Any = utils
    bare = botocore.session.Session()
    bare.register_component("data_loader", own.create_loader())
    return boto3.session.Session(botocore_session=bare)
