"""boto3 clients on the harness's endpoint, as the account's administrator.

Nothing of the caller's AWS configuration reaches them: no profile, no file, no variable, no proxy, no metadata service.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from lambdakit.errors import not_yet
from lambdakit.session.functions import ADMINISTRATOR_KEY_ID, ADMINISTRATOR_SECRET

if TYPE_CHECKING:
    import boto3

# A function called through a client may run for 15 minutes.
_READ_SECONDS: Final = 960


class AwsClients:
    """The clients of one harness, each made once per service, region and further arguments."""

    def __init__(self, *, region: str) -> None:
        self._region = region
        self._session: boto3.session.Session | None = None
        self._clients: dict[tuple[object, ...], Any] = {}
        self._lock = threading.Lock()

    def client(
        self, service: str, *, endpoint_url: str, role_arn: str | None, region: str | None, **arguments: Any
    ) -> Any:
        """The boto3 client of a service; `arguments` go to boto3 as they are."""
        if role_arn is not None:
            raise not_yet("client(role_arn=…)", hint="leave role_arn out to act as the account's administrator")
        key = (service, region, *((name, repr(value)) for name, value in sorted(arguments.items())))
        # boto3 sessions are not safe for threads while they make a client.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._made(service, endpoint_url, region or self._region, arguments)
            return self._clients[key]

    def close(self) -> None:
        """Closes the connections of every client."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _made(self, service: str, endpoint_url: str, region: str, arguments: dict[str, Any]) -> Any:
        from botocore.config import Config

        if self._session is None:
            self._session = _session_of_nobody()
        # No retries: the harness is not flaky, and a throttle that a test provokes must be seen.
        config = Config(proxies={}, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1})
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


def _session_of_nobody() -> boto3.session.Session:
    """A session whose every setting has its default: no variable and no file is read."""
    import boto3.session
    import botocore.session
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as variables

    files = {"config_file": None, "credentials_file": None}
    settings = {
        name: (None, None, files.get(name, default), convert) for name, (_, _, default, convert) in variables.items()
    }
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=settings))
