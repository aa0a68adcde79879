"""OpenSearch as the destination of a delivery stream: bulk requests, and what their answers say of each document.

A collection of OpenSearch Serverless is one more domain: other permissions, and neither rotation nor document ids.
Source: Amazon Data Firehose Developer Guide, "Configure index rotation for OpenSearch Service", "Understand data
delivery in Amazon Data Firehose", "Handle data delivery failures"; OpenSearch documentation, "Bulk".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from lambdakit.arn import partition_of
from lambdakit.harness.delivery.firehose_destinations import Batch, Grant, Outcome, Undelivered, all_of
from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.firehose_requests import Bound, EndpointAnswer, EndpointRequest, NoAnswer
from lambdakit.harness.delivery.targets import Clients
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass

DOMAIN_TYPES: Final = ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")
_SERVERLESS: Final = ".aoss."
_BULK: Final = "/_bulk"
_ID_DIGITS: Final = 56
_TRIED_AGAIN: Final = 429
_MESSAGE_MAX: Final = 4_096
_UNREACHABLE: Final = (
    "OS.ServiceException",
    "Error received from the Amazon OpenSearch Service cluster or OpenSearch Serverless collection. If the cluster or "
    "collection is behind a VPC, ensure network configuration allows connectivity.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDestination:
    """A domain or a collection.

    url: of its endpoint; empty for a domain that is not here. role_arn: that of the stream. arn: of the domain or
    collection; empty when it cannot be told from its endpoint. describes: whether Firehose asks for the endpoint.
    rotation: as the API has it. type_name: empty without one. gives_ids: whether documents have an id of Firehose's.
    """

    target: str
    url: str
    role_arn: str
    arn: str
    is_serverless: bool
    describes: bool
    index: str
    rotation: str
    type_name: str
    gives_ids: bool

    @property
    def missing(self) -> str:
        """Why there is no endpoint."""
        return "" if self.url else f"{self.target} does not exist"

    @property
    def trouble(self) -> str:
        """Requests need nothing more."""
        return ""

    @property
    def grants(self) -> Sequence[Grant]:
        """Source: "Grant Firehose access to a public OpenSearch Service destination", "… OpenSearch Serverless"."""
        if not self.arn:
            return ()
        if self.is_serverless:
            return [Grant(role_arn=self.role_arn, action="aoss:APIAccessAll", resource=self.arn)]
        post = Grant(role_arn=self.role_arn, action="es:ESHttpPost", resource=f"{self.arn}{_BULK}")
        describe = Grant(role_arn=self.role_arn, action="es:DescribeDomain", resource=self.arn)
        return [describe, post] if self.describes else [post]

    @property
    def retries_from_failure(self) -> bool:
        """Source: "ElasticsearchRetryOptions": "the total amount of time … (including the first attempt)"."""
        return False

    def request(self, batch: Batch) -> EndpointRequest:
        """One bulk request: an action and a document for each record."""
        body = b"".join(part for record in batch.records for part in self._lines(record))
        url = self.url or f"https://{self.target.rpartition('/')[2]}"
        headers = {"Content-Type": "application/x-ndjson"}
        return EndpointRequest(method="POST", url=f"{url}{_BULK}", headers=headers, body=body, plain=body)

    def read(self, answer: EndpointAnswer, batch: Batch) -> Outcome:
        """What was not indexed: tried again when the cluster was too busy for it, failed when it was refused.

        "retries for the specified time duration and then skips that particular index request".
        """
        said = answer.body[:_MESSAGE_MAX].decode(errors="replace")
        if answer.status >= 300:
            return Outcome(again=all_of(batch.records, str(answer.status), said))
        results = _results(answer.body)
        if results is None or len(results) != len(batch.records):
            return Outcome(again=all_of(batch.records, str(answer.status), f"no answer to a bulk request: {said}"))
        again: list[Undelivered] = []
        failed: list[Undelivered] = []
        for record, result in zip(batch.records, results, strict=True):
            status = result.get("status")
            if not isinstance(status, int) or status >= 300:
                code = status if isinstance(status, int) else answer.status
                message = json.dumps(result.get("error", result))[:_MESSAGE_MAX]
                is_busy = code == _TRIED_AGAIN or code >= 500
                (again if is_busy else failed).append(Undelivered(record=record, code=str(code), message=message))
        return Outcome(delivered=len(results) - len(again) - len(failed), again=again, failed=failed)

    def unanswered(self, why: NoAnswer | None) -> tuple[str, str]:
        """A cluster that cannot be reached."""
        code, message = _UNREACHABLE
        return code, message if why is None else f"{message} {why}"

    def denied(self, reason: str) -> tuple[str, str]:
        """A role that may not."""
        return "OS.AccessDenied", reason

    def described(self, record: FirehoseRecord) -> Mapping[str, str]:
        """Source: "Handle data delivery failures", the record of a document that was skipped."""
        return {
            "esDocumentId": document_id(record) if self.gives_ids else "",
            "esIndexName": index_name(self.index, self.rotation, record.arrived_at),
            "esTypeName": self.type_name,
        }

    def _lines(self, record: FirehoseRecord) -> Iterable[bytes]:
        """Source: "an explicit index that is set per record"; "For Elasticsearch 7.x, don't specify a TypeName"."""
        action = {"_index": index_name(self.index, self.rotation, record.arrived_at)}
        if self.type_name:
            action["_type"] = self.type_name
        if self.gives_ids:
            action["_id"] = document_id(record)
        return json.dumps({"index": action}, separators=(",", ":")).encode(), b"\n", record.data.rstrip(b"\r\n"), b"\n"


def search_destination(stream: DeliveryStreamState, bound: Bound, clients: Clients) -> SearchDestination:
    """The destination of a delivery stream that delivers to a domain or collection."""
    settings = stream.settings
    url = str(settings.get("ClusterEndpoint") or "").rstrip("/")
    arn = str(settings.get("DomainARN") or "")
    host = urlsplit(url).hostname or ""
    is_serverless = _SERVERLESS in host
    if arn and not url:
        found = bound.host_of(DOMAIN_TYPES, arn.rpartition("/")[2]) or _described_host(arn, clients)
        url = f"https://{found}" if found else ""
    ids = (settings.get("DocumentIdOptions") or {}).get("DefaultDocumentIdFormat")
    return SearchDestination(
        target=arn or url,
        url=url,
        role_arn=str(settings.get("RoleARN") or ""),
        arn=arn or _arn(stream, host, bound),
        is_serverless=is_serverless,
        describes=bool(arn),
        index=str(settings.get("IndexName") or ""),
        # "The default value is OneDay"; a collection's configuration has no rotation.
        rotation="NoRotation" if is_serverless else str(settings.get("IndexRotationPeriod") or "OneDay"),
        type_name=str(settings.get("TypeName") or ""),
        # Nor has it an option for ids, which collections for time series refuse.
        gives_ids=not is_serverless and ids != "NO_DOCUMENT_ID",
    )


def index_name(name: str, rotation: str, arrived_at: datetime) -> str:
    """The index of a document: "a portion of the UTC arrival timestamp" follows its name."""
    moment = arrived_at.astimezone(UTC)
    if rotation == "OneHour":
        return f"{name}-{moment:%Y-%m-%d-%H}"
    if rotation == "OneDay":
        return f"{name}-{moment:%Y-%m-%d}"
    if rotation == "OneMonth":
        return f"{name}-{moment:%Y-%m}"
    return f"{name}-{_week(moment)}" if rotation == "OneWeek" else name


def document_id(record: FirehoseRecord) -> str:
    """The id of a document, the same for each attempt: the record's number, and which part of it the document is."""
    number, _, part = record.id.partition(".")
    return f"{number[:_ID_DIGITS]}.{part or 0}"


def _week(moment: datetime) -> str:
    """A week of the US: from Sunday on, the first being "the first week that contains a Saturday in this year"."""
    saturday = moment + timedelta(days=(5 - moment.weekday()) % 7)
    return f"{saturday.year}-w{(saturday.timetuple().tm_yday - 1) // 7 + 1:02d}"


def _arn(stream: DeliveryStreamState, host: str, bound: Bound) -> str:
    """The ARN of what an endpoint belongs to; empty for what is not deployed here."""
    if _SERVERLESS in host:
        place = f"{stream.region}:{stream.account_id}"
        return f"arn:{partition_of(stream.region)}:aoss:{place}:collection/{host.partition('.')[0]}"
    found = bound.resource_at(host.lower())
    if found is None or found.type not in DOMAIN_TYPES:
        return ""
    return f"arn:{partition_of(stream.region)}:es:{stream.region}:{stream.account_id}:domain/{found.physical_id}"


def _described_host(arn: str, clients: Clients) -> str:
    """The endpoint of a domain that no template made; empty for one that is not there."""
    parts = arn.split(":")
    try:
        status = clients("opensearch", parts[3], parts[4]).describe_domain(DomainName=arn.rpartition("/")[2])
    except ClientError:
        return ""
    domain: Mapping[str, Any] = status["DomainStatus"]
    return str(domain.get("Endpoint") or (domain.get("Endpoints") or {}).get("vpc") or "")


def _results(body: bytes) -> Sequence[Mapping[str, Any]] | None:
    """The result of each action, in their order; None for what is no answer to a bulk request."""
    try:
        return [next(iter(item.values())) for item in json.loads(body)["items"]]
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return None
