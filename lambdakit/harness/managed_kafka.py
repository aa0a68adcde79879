"""Amazon MSK's operations that moto does not have: where a cluster's brokers are, and its users' secrets.

No broker runs. The names are what the service would give, so that a template that passes them on deploys.

Source: Amazon MSK API Reference, "Clusters clusterArn bootstrap-brokers" (the names' form) and "Clusters clusterArn
scram-secrets"; Amazon MSK Developer Guide, "Port information".
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from lambdakit.harness.account import Account
from lambdakit.harness.wire import Request, Response

SERVICE: Final = "kafka"

_PATH: Final = re.compile(r"/v1/clusters/([^/]+)/(bootstrap-brokers|scram-secrets)")
_TIME_WITHOUT_ZONE: Final = re.compile(rb'("creationTime": ?"[0-9-]+T[0-9:.]+)"')
_ANSWER_HEADERS: Final = [("Content-Type", "application/json")]
# How many brokers GetBootstrapBrokers names at most.
_BROKERS_MAX: Final = 3
_ZONES: Final = 2

Given = Mapping[str, Any]


class ManagedKafkaApi:
    """Stands before moto's service."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._secrets: dict[str, list[str]] = {}
        self._lock = threading.Lock()

    def serve(self, request: Request, account_id: str, pass_on: Callable[[Request], Response]) -> Response:
        """The answer. pass_on: gives moto's own."""
        named = _PATH.fullmatch(request.path)
        if named is None:
            return _with_zone(pass_on(request))
        arn = unquote(named[1])
        cluster = self._cluster(arn, account_id)
        if cluster is None:
            return _error(404, "NotFoundException", f"The requested resource {arn} doesn't exist.")
        if named[2] == "bootstrap-brokers":
            return _answer(_brokers(cluster))
        return self._scram_secrets(request, arn)

    def _cluster(self, arn: str, account_id: str) -> Given | None:
        parts = arn.split(":")
        if len(parts) != 6:
            return None
        kafka = self._account.client(SERVICE, parts[3], account_id)
        if all(cluster["ClusterArn"] != arn for cluster in kafka.list_clusters()["ClusterInfoList"]):
            return None
        described: Given = kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]  # the list leaves out most of it
        return described

    def _scram_secrets(self, request: Request, arn: str) -> Response:
        with self._lock:
            held = self._secrets.setdefault(arn, [])
            if request.method == "GET":
                return _answer({"secretArnList": list(held)})
            given = _secret_arns(request.body)
            if given is None:
                return _error(400, "BadRequestException", "The request body is not valid.")
            kept = [secret for secret in held if secret not in given]
            self._secrets[arn] = kept if request.method == "PATCH" else [*kept, *given]
            return _answer({"clusterArn": arn, "unprocessedScramSecrets": []})


def _with_zone(response: Response) -> Response:
    """moto 5.2 gives times without a zone, which the SDKs for JavaScript refuse (RFC 3339)."""
    body = _TIME_WITHOUT_ZONE.sub(rb'\1Z"', response.body)
    return Response(status=response.status, headers=_measured(response.headers, body), body=body)


def _measured(headers: Sequence[tuple[str, str]], body: bytes) -> list[tuple[str, str]]:
    return [(name, str(len(body)) if name.lower() == "content-length" else value) for name, value in headers]


def _brokers(cluster: Given) -> dict[str, str]:
    """The strings for what the cluster's listeners take; an absent setting is the API's default."""
    authentication = cluster.get("ClientAuthentication") or {}
    sasl = authentication.get("Sasl") or {}
    within = (cluster.get("EncryptionInfo") or {}).get("EncryptionInTransit") or {}
    encryption = within.get("ClientBroker", "TLS")
    signed_in = _enabled(sasl.get("Scram")) or _enabled(sasl.get("Iam"))
    open_listener = not signed_in or _enabled(authentication.get("Unauthenticated")) or "Tls" in authentication
    listeners = {
        "bootstrapBrokerString": (9092, open_listener and encryption != "TLS"),
        "bootstrapBrokerStringTls": (9094, open_listener and encryption != "PLAINTEXT"),
        "bootstrapBrokerStringSaslScram": (9096, _enabled(sasl.get("Scram"))),
        "bootstrapBrokerStringSaslIam": (9098, _enabled(sasl.get("Iam"))),
    }
    names = _names(cluster)
    return {key: ",".join(f"{name}:{port}" for name in names) for key, (port, there) in listeners.items() if there}


def _names(cluster: Given) -> Sequence[str]:
    arn = str(cluster["ClusterArn"])
    part = hashlib.sha256(arn.encode()).hexdigest()[:6]
    region = arn.split(":")[3]
    count = min(int(cluster.get("NumberOfBrokerNodes") or _ZONES), _BROKERS_MAX)
    name = f"{cluster['ClusterName']}.{part}.c{_ZONES}.kafka.{region}.amazonaws.com"
    return [f"b-{number}.{name}" for number in range(1, count + 1)]


def _enabled(setting: object) -> bool:
    return isinstance(setting, Mapping) and bool(setting.get("Enabled"))


def _secret_arns(body: bytes) -> list[str] | None:
    try:
        given = json.loads(body)
    except ValueError:
        return None
    listed = given.get("secretArnList") if isinstance(given, dict) else None
    return [str(arn) for arn in listed] if isinstance(listed, list) and listed else None


def _answer(content: Mapping[str, Any]) -> Response:
    return Response(status=200, headers=_ANSWER_HEADERS, body=json.dumps(content).encode())


def _error(status: int, code: str, message: str) -> Response:
    headers = [*_ANSWER_HEADERS, ("x-amzn-ErrorType", code)]
    return Response(status=status, headers=headers, body=json.dumps({"message": message}).encode())
