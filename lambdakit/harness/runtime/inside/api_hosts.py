"""Requests that boto3 sends to an API by its host on AWS, led to the harness, which serves that API.

A function behind a WebSocket API calls its clients at `https://{domainName}/{stage}`, both from its event: an endpoint
of the function's own, which `AWS_ENDPOINT_URL` does not replace. Nothing but the connection changes; the signature and
the `Host` header are those of the API's own name. A copy of botocore in the package is led as well.
"""

from __future__ import annotations

import importlib.machinery
import logging
import os
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_MODULE = "botocore.httpsession"
_API_HOST = re.compile(r"[a-z0-9]+\.(?:execute-api|appsync-api)\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")


def lead() -> None:
    """From now on. Called once `AWS_ENDPOINT_URL` is the function's."""
    loaded = sys.modules.get(_MODULE)
    if loaded is None:
        sys.meta_path.insert(0, _Finder())
    else:
        _change(loaded)


class _Finder:
    """Finds botocore's module where it is, and changes it once it is loaded; afterwards it is gone."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> Any:
        """The module's own; None for every other one."""
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_change(module: ModuleType) -> None:
                execute(module)
                _change(module)

            spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]
        return spec


def _change(module: ModuleType) -> None:
    logging.getLogger("botocore.configprovider").addFilter(_is_the_function_s)
    session = module.URLLib3Session
    send = session.send

    def send_to_harness(self: Any, request: Any) -> Any:
        parts = urlsplit(request.url)
        if _API_HOST.fullmatch(parts.hostname or "") and "AWS_ENDPOINT_URL" in os.environ:
            harness = urlsplit(os.environ["AWS_ENDPOINT_URL"])
            request.headers["Host"] = parts.netloc
            request.url = urlunsplit((harness.scheme, harness.netloc, parts.path, parts.query, ""))
        return send(self, request)

    session.send = send_to_harness


def _is_the_function_s(record: logging.LogRecord) -> bool:
    """Whether AWS would have it in the function's log: there is no `AWS_ENDPOINT_URL` there that clients could find."""
    return not str(record.msg).startswith("Found endpoint for ") or "environment_global" not in record.getMessage()
