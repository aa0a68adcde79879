"""boto3 clients on the harness's endpoint, as the account's administrator or in a session of a role.

Nothing of the caller's AWS configuration reaches them: no profile, no file, no variable, no proxy, no metadata service.
"""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from lambdakit.errors import Diagnostic, HarnessError
from lambdakit.session.functions import ADMINISTRATOR_KEY_ID, ADMINISTRATOR_SECRET

if TYPE_CHECKING:
    import boto3

# A function called through a client may run for 15 minutes.
_READ_SECONDS: Final = 960
# A session of a role is made anew before it ends.
# Source: AWS STS API Reference, "AssumeRole": `DurationSeconds` is 3,600 by default.
_SESSION_SECONDS: Final = 3_000
_SESSION_NAME: Final = "lambdakit"


class AwsClients:
    """The clients of one harness, each made once per service, region and further arguments."""

    def __init__(self, *, region: str) -> None:
        self._region = region
        self._session: boto3.session.Session | None = None
        self._clients: dict[tuple[object, ...], Any] = {}
        self._sessions: dict[str, tuple[float, dict[str, str]]] = {}
        self._lock = threading.Lock()

    def client(
        self,
        service: str,
        *,
        endpoint_url: str,
        role_arn: str | None,
        region: str | None,
        own_url: str | None = None,
        **arguments: Any,
    ) -> Any:
        """The boto3 client of a service; `arguments` go to boto3 as they are.

        endpoint_url: the harness's. own_url: of what the client is for, where that is a front door, such as the API of
        `@connections`; absence is the harness's.
        role_arn: acts in a session of that role, whoever the role trusts. Absence: as the account's administrator.
        HarnessError when there is no such role.
        """
        if role_arn is not None:
            arguments |= self._session_of(role_arn, endpoint_url)
        url = endpoint_url if own_url is None else _http(own_url)
        key = (service, region, url, *((name, repr(value)) for name, value in sorted(arguments.items())))
        # boto3 sessions are not safe for threads while they make a client.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._made(service, url, region or self._region, arguments)
            return self._clients[key]

    def close(self) -> None:
        """Closes the connections of every client."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _session_of(self, role_arn: str, endpoint_url: str) -> dict[str, str]:
        """The session's credentials, as boto3 takes them."""
        from botocore.exceptions import ClientError

        with self._lock:
            until, arguments = self._sessions.get(role_arn, (0.0, {}))
        if time.monotonic() < until:
            return arguments
        sts = self.client("sts", endpoint_url=endpoint_url, role_arn=None, region=None)
        try:
            given = sts.assume_role(RoleArn=role_arn, RoleSessionName=_SESSION_NAME)["Credentials"]
        except ClientError as refused:
            raise HarnessError(
                Diagnostic(
                    problem=f"nobody can act as {role_arn}: {refused}",
                    code="LK548",
                    hint="give the ARN of a role that is deployed, as its resource's attributes tell it",
                )
            ) from None
        arguments = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        with self._lock:
            self._sessions[role_arn] = (time.monotonic() + _SESSION_SECONDS, arguments)
        return arguments

    def _made(self, service: str, endpoint_url: str, region: str, arguments: dict[str, Any]) -> Any:
        from botocore.config import Config

        if self._session is None:
            self._session = _session_of_nobody()
        # No retries: the harness is not flaky, and a throttle that a test provokes must be seen.
        # No host prefixes, as `sync-` of StartSyncExecution: the harness is at one address.
        config = Config(
            proxies={}, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1}, inject_host_prefix=False
        )
        given = dict(arguments)
        if given.get("config") is not None:
            config = config.merge(given.pop("config"))
        return self._session.client(
            service,
            **{
                "region_name": region,
                "endpoint_url": endpoint_url,
                "aws_access_key_id": ADMINISTRATOR_KEY_ID,
                "aws_secret_access_key": ADMINISTRATOR_SECRET,
                **given,
                "config": config,
            },
        )


def _http(url: str) -> str:
    """The same place for requests: the URL of a WebSocket API's stage is that of its `@connections` as well."""
    return f"http{url.removeprefix('ws')}" if url.startswith(("ws://", "wss://")) else url


def _session_of_nobody() -> boto3.session.Session:
    """A session whose every setting has its default: no variable and no file is read."""
    import boto3.session
    import botocore.session
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as variables

    files = {"config_file": None, "credentials_file": None}
    settings = {
        name: (None, None, files.get(name, default), convert) for name, (_, _, default, convert) in variables.items()
    }
    bare = botocore.session.Session(session_vars=settings)
    bare.register_component("data_loader", _service_models())
    return boto3.session.Session(botocore_session=bare)


@functools.cache
def _service_models() -> Any:
    """What reads botocore's models, each once for all harnesses of a process: they are most of what a client costs."""
    from botocore.loaders import create_loader

    return create_loader()
