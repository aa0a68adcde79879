"""The emulated account: moto, reached through its own WSGI application.

moto holds the state of every AWS service but Lambda. It is started with nothing of the surroundings: the account id is
ours, and its own triggers stay unarmed because it never learns of a function.
"""

from __future__ import annotations

import functools
import io
import itertools
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

from lambdakit.harness.service_request import signed_service
from lambdakit.harness.unserved_request import is_no_such_path, not_served, refusal
from lambdakit.harness.wire import Headers, Request, Response

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
# A request, whose account it is in, and what gives moto's own answer to a request.
Front = Callable[[Request, str, Callable[[Request], Response]], Response]
# Why a request is not to be made, as the service would answer; None for one that may be.
Refusal = Callable[[Request], Response | None]

_HOSTS_MAX = 1_024
_READS = frozenset({"list_roles", "describe_log_groups", "list_tables", "get_apis"})


class Account:
    """moto's services for one account, and for others that stacks name.

    Building it imports moto, which takes a quarter of a second.
    check: may be set: what a service refuses of a request, whoever makes it, and moto does not; None for all else.
    touched: grows when a request comes and when it is answered: while it stays, nothing was changed by any.
    """

    def __init__(self, *, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region
        os.environ.pop("MOTO_ACCOUNT_ID", None)  # it would go before what a request says
        # moto documentation, "Configuration options": AWS-managed policies are loaded on request only, and a server on
        # loopback needs no CORS headers of its own.
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
        os.environ["DISABLE_GLOBAL_CORS"] = "true"
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        def application_of(service: Any) -> Any:
            if service is None:
                raise _UnknownService
            return create_backend_app(service)

        self._application: Any = DomainDispatcherApplication(application_of)
        # moto 5.2 reads a directory, and tries up to 190 patterns, for every request.
        application: Any = self._application
        application.get_backend_for_host = functools.lru_cache(maxsize=_HOSTS_MAX)(application.get_backend_for_host)
        self._clients: dict[tuple[str, str, str, str], Any] = {}
        self._session: Any = None  # of all clients
        self._fronts: dict[str, Front] = {}
        self.check: Callable[[Request, str], Response | None] = lambda request, account_id: None
        self._touches = itertools.count(1)
        self.touched = 0
        self._lock = threading.Lock()

    def serve(self, request: Request, *, account_id: str | None = None) -> Response:
        """The answer to an AWS API request. account_id: whose it is; absence: the harness's own."""
        self.touched = next(self._touches)
        try:
            return self._serve(request, account_id or self.account_id)
        finally:
            self.touched = next(self._touches)

    def _serve(self, request: Request, owner: str) -> Response:
        refused = self.check(request, owner)
        if refused is not None:
            return refused
        target = request.headers.get("x-amz-target")
        front = self._fronts.get(target.partition(".")[0] if target else signed_service(request))
        if front is None:
            return self._moto(request, owner)
        return front(request, owner, lambda passed_on: self._moto(passed_on, owner))

    def stand_before(self, service: str, front: Front) -> None:
        """Gives the requests to a service to `front` first, whoever makes them.

        service: as the header `X-Amz-Target` names it, before the dot; of a service without that header, the name that
        its requests are signed for.
        """
        self._fronts[service] = front

    def _moto(self, request: Request, account_id: str) -> Response:
        answer: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            del exc_info
            answer.append((status, headers))

        try:
            chunks: Iterable[bytes] = self._application(_environ(request, account_id), start_response)
            body = b"".join(chunks)
        except ModuleNotFoundError as missing:
            return _not_installed(request, missing)
        except NotImplementedError as missing:
            return not_served(request, f"moto: {missing}")
        except _UnknownService:
            return not_served(request)
        except Exception as broken:  # the boundary to moto, whose faults are answers as a service's own are
            logger.exception("moto failed to answer %s %s", request.method, request.path)
            problem = f"moto failed to answer: {type(broken).__name__}: {broken}"
            return refusal(request, 500, "InternalFailure", problem)
        status, headers = answer[-1]
        response = Response(status=int(status.partition(" ")[0]), headers=headers, body=body)
        return not_served(request) if is_no_such_path(response) else response

    def client(
        self,
        service: str,
        region: str | None = None,
        account_id: str | None = None,
        *,
        caller: str = "",
        refusal: Refusal | None = None,
    ) -> Any:
        """A boto3 client whose requests go to moto without a socket.

        Absence of `region` and `account_id`: the harness's.
        caller: whom the client acts for, by any name; refusal: asked before each request whether they may. Absence: the
        administrator, whom nothing refuses.
        """
        key = (service, region or self.region, account_id or self.account_id, caller)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make_client_locked(*key[:3], refusal)
            return self._clients[key]

    @staticmethod
    def holds_anything_of(service: str) -> bool:
        """Whether moto's side of a service is loaded: before, nobody can have written to it."""
        return f"moto.{service}.models" in sys.modules

    def warm_up(self, services: Sequence[str], stop: threading.Event) -> None:
        """Makes the clients of `services`, and moto's side of them by one read, until `stop` is set."""
        for service in services:
            if stop.is_set():
                return
            client = self.client(service)
            reading = next(name for name in dir(client) if name in _READS)
            getattr(client, reading)()

    def _make_client_locked(self, service: str, region: str, account_id: str, refusal: Refusal | None) -> Any:
        import boto3
        import botocore.session
        from botocore.config import Config

        if self._session is None:
            bare = botocore.session.Session()
            bare.register_component("data_loader", service_models())
            self._session = boto3.session.Session(
                aws_access_key_id="LAMBDAKITDEPLOYMENT",
                aws_secret_access_key="-",
                region_name=self.region,
                botocore_session=bare,
            )
        config = Config(retries={"max_attempts": 0}, parameter_validation=True, s3={"addressing_style": "path"})
        url = f"http://{service}.{region}.amazonaws.com"
        client = self._session.client(service, region_name=region, endpoint_url=url, config=config)
        client.meta.events.register_first("before-send.*.*", functools.partial(self._send, account_id, refusal))
        return client

    def _send(self, account_id: str, refusal: Refusal | None, request: Any, **_: object) -> Any:
        """botocore's hook to answer a request instead of sending it: `before-send`."""
        from botocore.awsrequest import AWSResponse

        body = request.body or b""
        if hasattr(body, "read"):
            body = body.read()
        scheme, _, rest = request.url.partition("://")
        host, slash, target = rest.partition("/")
        del scheme
        headers = [
            (str(name), value.decode() if isinstance(value, bytes) else str(value))
            for name, value in request.headers.items()
        ]
        asked = Request(
            method=request.method,
            target=slash + target or "/",
            headers=Headers([*headers, ("host", host)]),
            body=body.encode() if isinstance(body, str) else bytes(body),
        )
        response = (refusal and refusal(asked)) or self.serve(asked, account_id=account_id)
        return AWSResponse(request.url, response.status, dict(response.headers), _RawBody(response.body))


class _UnknownService(Exception):
    """A request to a service that moto does not have."""


@functools.cache
def service_models() -> Any:
    """What reads botocore's models, each once: they are most of what a client costs."""
    from botocore.loaders import create_loader

    return create_loader()


def _not_installed(request: Request, missing: ModuleNotFoundError) -> Response:
    """The harness brings what moto's usual services import; a few others need a package more."""
    problem = f"moto needs the Python package {missing.name} for this service, which is not installed"
    return refusal(request, 501, "ServiceUnavailable", problem)


class _RawBody(io.BytesIO):
    """A body as botocore wants to read it: urllib3's `stream`."""

    def stream(self, **_: object) -> Iterable[bytes]:
        """The rest of the body, piece by piece."""
        while chunk := self.read(64 * 1024):
            yield chunk


def _environ(request: Request, account_id: str) -> Environ:
    """PEP 3333's environment of `request`, and moto's own key for header names that WSGI would fold.

    Source: moto documentation, "Multi-Account support": the header says whose request it is.
    """
    host = request.headers.get("host") or "localhost"
    name, _, port = host.partition(":")
    environ: Environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "RAW_URI": request.target,
        "REQUEST_URI": request.target,
        "SERVER_NAME": name,
        "SERVER_PORT": port or "80",
        "SERVER_PROTOCOL": request.http_version,
        "REMOTE_ADDR": request.peer[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "CONTENT_LENGTH": str(len(request.body)),
        **_header_variables(request.headers),
        "HTTP_X_MOTO_ACCOUNT_ID": account_id,
    }
    return environ


def _header_variables(headers: Headers) -> Mapping[str, Any]:
    from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY, should_preserve_original_header_name

    variables: dict[str, Any] = {}
    preserved: dict[str, str] = {}
    for name, value in headers.items:
        lower = name.lower()
        if lower in ("content-length", "transfer-encoding"):
            continue
        key = "CONTENT_TYPE" if lower == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        variables[key] = f"{variables[key]},{value}" if key in variables else value
        if "_" in name and should_preserve_original_header_name(name):
            preserved[key] = name
    variables[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    return variables
