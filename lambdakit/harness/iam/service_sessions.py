"""Sessions of AWS services that sign requests by themselves, on behalf of a resource.

Such a service has no role: what it may do is up to the resource policy of what it asks, which may name it and the
resource that it asks for. Source: IAM User Guide, "AWS JSON policy elements: Principal" (service principals).
"""

from __future__ import annotations

import threading

from lambdakit.harness.iam.credentials import Credentials, temporary_credentials
from lambdakit.harness.iam.principal import Principal
from lambdakit.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSession:
    """A service's credentials, and who signs with them."""

    credentials: Credentials
    principal: Principal


class ServiceSessions:
    """All such sessions of one harness. They last as long as it does."""

    def __init__(self) -> None:
        self._by_key: dict[str, ServiceSession] = {}
        self._by_source: dict[tuple[str, str], ServiceSession] = {}
        self._lock = threading.Lock()

    def begin(self, service: str, source_arn: str) -> Credentials:
        """The credentials of a service, such as `states.amazonaws.com`, that asks on behalf of a resource."""
        with self._lock:
            session = self._by_source.get((service, source_arn))
            if session is None:
                session = ServiceSession(credentials=temporary_credentials(), principal=acting_for(service, source_arn))
                self._by_source[service, source_arn] = session
                self._by_key[session.credentials.access_key_id] = session
        return session.credentials

    def find(self, access_key_id: str) -> ServiceSession | None:
        """The session with a key; None when none was given here."""
        return self._by_key.get(access_key_id)


def acting_for(service: str, source_arn: str) -> Principal:
    """A service that asks on behalf of a resource.

    Source: IAM User Guide, "AWS global condition context keys".
    """
    account_id = source_arn.split(":", 5)[4]
    return Principal(
        kind="service",
        service=service,
        caller_arn=service,
        context={
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (service,),
            "aws:principalservicenameslist": (service,),
            "aws:sourcearn": (source_arn,),
            "aws:sourceaccount": (account_id,),
        },
    )
