"""An HTTP endpoint as the destination of a delivery stream: its requests, and what counts as an acknowledgement.

Source: Amazon Data Firehose Developer Guide, "Understand HTTP endpoint delivery request and response specifications"
and "Troubleshooting HTTP endpoints".
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from lambdakit.clock import milliseconds
from lambdakit.harness.delivery.firehose_destinations import Batch, Grant, Outcome, all_of
from lambdakit.harness.delivery.firehose_records import FirehoseRecord
from lambdakit.harness.delivery.firehose_requests import EndpointAnswer, EndpointRequest, NoAnswer
from lambdakit.harness.delivery.firehose_search import document_id
from lambdakit.harness.delivery.targets import Clients
from lambdakit.harness.moto_state.delivery_streams import DeliveryStreamState
from lambdakit.records import dataclass

_TOO_LARGE: Final = 413
_MESSAGE_MAX: Final = 4_096
# "The response body can be up to 1 MiB" in size.
_ANSWER_BYTES_MAX: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEndpointDestination:
    """An endpoint. access_key: empty without one. attributes: for the whole request, by name.

    secret: what has the access key; None where it is given. trouble: why the key could not be read.
    """

    url: str
    stream_arn: str
    access_key: str
    attributes: Mapping[str, str]
    is_compressed: bool
    secret: Grant | None
    trouble: str

    @property
    def target(self) -> str:
        """The endpoint's URL."""
        return self.url

    @property
    def missing(self) -> str:
        """A URL is an address by itself."""
        return ""

    @property
    def grants(self) -> Sequence[Grant]:
        """The access key is what lets a request in; it may have to be read from a secret."""
        return () if self.secret is None else [self.secret]

    @property
    def retries_from_failure(self) -> bool:
        """Source: "HttpEndpointRetryOptions": "starts after the initial attempt … fails"."""
        return True

    def request(self, batch: Batch) -> EndpointRequest:
        """Source: "Request format"; the request id "is kept the same between multiple attempts of the same request"."""
        content = {
            "requestId": batch.id,
            "timestamp": milliseconds(batch.made_at),
            "records": [{"data": base64.b64encode(record.data).decode()} for record in batch.records],
        }
        plain = json.dumps(content, separators=(",", ":")).encode()
        headers = {
            "X-Amz-Firehose-Protocol-Version": "1.0",
            "X-Amz-Firehose-Request-Id": batch.id,
            "X-Amz-Firehose-Source-Arn": self.stream_arn,
            "Content-Type": "application/json",
            "User-Agent": "Amazon Kinesis Data Firehose Agent/1.0",
        }
        if self.access_key:
            headers["X-Amz-Firehose-Access-Key"] = self.access_key
        if self.attributes:
            headers["X-Amz-Firehose-Common-Attributes"] = json.dumps({"commonAttributes": self.attributes})
        if self.is_compressed:
            headers["Content-Encoding"] = "gzip"
        body = gzip.compress(plain) if self.is_compressed else plain
        return EndpointRequest(method="POST", url=self.url, headers=headers, body=body, plain=plain)

    def read(self, answer: EndpointAnswer, batch: Batch) -> Outcome:
        """ "Only response code 200 is considered as a successful delivery"; others are tried again, but for 413.

        That is "a permanent failure and the record batch is not sent to error bucket if configured".
        """
        said = answer.body[:_MESSAGE_MAX].decode(errors="replace")
        if answer.status != 200:
            message = f"The following response was received from the endpoint destination. {answer.status}: {said}"
            refused = all_of(batch.records, "HttpEndpoint.DestinationException", message)
            return Outcome(lost=refused) if answer.status == _TOO_LARGE else Outcome(again=refused)
        if len(answer.body) > _ANSWER_BYTES_MAX:
            message = "The response received from the endpoint is too large."
            return Outcome(again=all_of(batch.records, "HttpEndpoint.ResponseTooLarge", message))
        problem = _problem(answer, batch)
        if problem:
            message = (
                f"The response received from the specified endpoint is invalid. Reason: {problem} "
                f"Raw response received: 200 {said}"
            )
            return Outcome(again=all_of(batch.records, "HttpEndpoint.InvalidResponseFromDestination", message))
        return Outcome(delivered=len(batch.records))

    def unanswered(self, why: NoAnswer | None) -> tuple[str, str]:
        """An endpoint that does not answer."""
        if why is not None and why.is_late:
            message = "The delivery timed out before a response was received and will be retried."
            return "HttpEndpoint.RequestTimeout", message
        message = "Unable to connect to the destination endpoint."
        return "HttpEndpoint.ConnectionFailed", message if why is None else f"{message} {why}"

    def denied(self, reason: str) -> tuple[str, str]:
        """An access key that cannot be read."""
        return "HttpEndpoint.AccessDenied", reason

    def described(self, record: FirehoseRecord) -> Mapping[str, str]:
        """Source: "Handle data delivery failures", the sample of an HTTP endpoint's error output."""
        return {"dataId": document_id(record)}


def http_endpoint_destination(stream: DeliveryStreamState, clients: Clients) -> HttpEndpointDestination:
    """The destination of a delivery stream that delivers to an HTTP endpoint."""
    endpoint = stream.settings.get("EndpointConfiguration") or {}
    request = stream.settings.get("RequestConfiguration") or {}
    secret = _secret(stream.settings)
    # "When set as True the secrets manager configuration overwrites the existing secrets".
    given = str(endpoint.get("AccessKey") or "")
    key, trouble = (given, "") if secret is None else _access_key(secret.resource, clients)
    return HttpEndpointDestination(
        url=str(endpoint.get("Url") or ""),
        stream_arn=stream.arn,
        access_key=key,
        attributes={
            str(one["AttributeName"]): str(one.get("AttributeValue", ""))
            for one in request.get("CommonAttributes") or ()
        },
        is_compressed=str(request.get("ContentEncoding") or "").upper() == "GZIP",
        secret=secret,
        trouble=trouble,
    )


def _secret(settings: Mapping[str, Any]) -> Grant | None:
    """The secret that has the access key. Source: API Reference, "SecretsManagerConfiguration"."""
    given = settings.get("SecretsManagerConfiguration") or {}
    if str(given.get("Enabled", "")).lower() != "true":
        return None
    # "If you do not provide the role, we use the destination specific role".
    role_arn = str(given.get("RoleARN") or settings.get("RoleARN") or "")
    return Grant(role_arn=role_arn, action="secretsmanager:GetSecretValue", resource=str(given.get("SecretARN") or ""))


def _access_key(secret_arn: str, clients: Clients) -> tuple[str, str]:
    """The key in a secret, and why there is none. Source: "Understand secrets": `{"api_key": "<apikey>"}`."""
    parts = secret_arn.split(":")
    if len(parts) < 6:
        return "", f"{secret_arn!r} is no ARN of a secret"
    try:
        answer = clients("secretsmanager", parts[3], parts[4]).get_secret_value(SecretId=secret_arn)
        return str(json.loads(answer["SecretString"])["api_key"]), ""
    except ClientError as error:
        return "", f"{secret_arn}: {error}"
    except (ValueError, KeyError, TypeError):
        return "", f'{secret_arn} does not hold {{"api_key": …}}'


def _problem(answer: EndpointAnswer, batch: Batch) -> str:
    """Why an answer acknowledges nothing; empty when it does. Source: "Response format"."""
    if answer.content_type != "application/json":
        return f"Content type {answer.content_type or 'is missing'}: the only acceptable one is application/json."
    unknown = f"Response for request {batch.id} is not recognized as valid JSON or has unexpected fields."
    try:
        said = json.loads(answer.body)
    except ValueError:
        return unknown
    timestamp = said.get("timestamp") if isinstance(said, dict) else None
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        return unknown
    return "" if said.get("requestId") == batch.id else unknown
