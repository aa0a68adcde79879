"""HTTP endpoints as data sources, on this machine only; those of AWS's APIs are the harness's.

Source: AppSync Developer Guide, "Resolver mapping template reference for HTTP"; AWS AppSync API Reference,
"AwsIamConfig" (the request is signed as the data source's role).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from lambdakit.harness.routing.graphql.definition import DataSource
from lambdakit.harness.routing.graphql.errors import FieldFault
from lambdakit.harness.routing.graphql.sources.aws_calls import AwsCalls
from lambdakit.harness.routing.graphql.sources.source_fault import SourceFault
from lambdakit.harness.routing.outgoing_http import (
    AnswerTooLarge,
    Bound,
    NothingCame,
    address_of,
    not_sent_to,
    sent,
)
from lambdakit.harness.wire import Response

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class HttpEndpoints:
    """Asks them. localize: the URL of a front door here in place of AWS's. bound: the servers that tests named.

    endpoint_url: where the AWS APIs are served.
    """

    def __init__(
        self, aws: AwsCalls, *, localize: Callable[[str], str], bound: Bound, endpoint_url: Callable[[], str]
    ) -> None:
        self._aws = aws
        self._localize = localize
        self._bound = bound
        self._endpoint_url = endpoint_url

    def ask(
        self, source: DataSource, document: Mapping[str, Any], limit_seconds: float, *, api_arn: str
    ) -> dict[str, Any]:
        """Status, headers and body of the answer, whatever its status is. SourceFault when nobody answered."""
        method, path = str(document.get("method", "")), str(document.get("resourcePath", ""))
        if method not in _METHODS or not path.startswith("/"):
            raise FieldFault(
                f"a request has a method of {', '.join(_METHODS)} and a resourcePath that begins with a slash",
                "MappingTemplate",
            )
        params = document.get("params")
        given: Mapping[str, Any] = params if isinstance(params, Mapping) else {}
        body = _body(given.get("body"))
        asked = str(source.place.get("endpoint", "")).rstrip("/")
        target = quote(path, safe="/%-._~!$&'()*+,;=:@")
        query = urlencode([(name, _text(value)) for name, value in dict(given.get("query") or {}).items()])
        headers = [(str(name), _text(value)) for name, value in dict(given.get("headers") or {}).items()]
        if body and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        full = target + (f"?{query}" if query else "")
        url = self._localize(asked)
        address = address_of(url, self._bound, self._endpoint_url())
        if address is None:
            raise FieldFault(not_sent_to(url), "HttpUnreachable")
        base = urlsplit(url).path.rstrip("/")
        # What is signed is what is sent: the host of a front door here is not the one that AWS gives it.
        here = address.name or f"{address.host}:{address.port}"
        headers += self._signature(source, method, f"http://{here}{base}{full}", headers, body, api_arn)
        try:
            answer = sent(address, method, base + full, headers=headers, body=body, limit_seconds=limit_seconds)
        except NothingCame as problem:
            raise SourceFault(str(problem), "HttpUnreachable") from None
        except AnswerTooLarge as problem:
            raise SourceFault(str(problem), "HttpAnswerTooLarge") from None
        return _result(answer)

    def _signature(
        self, source: DataSource, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes, api_arn: str
    ) -> list[tuple[str, str]]:
        """The headers of a signature, where the data source wants one. SourceFault for a role that is not assumed."""
        config = source.place.get("authorizationConfig") or {}
        if config.get("authorizationType") != "AWS_IAM":
            return []
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        settings = config.get("awsIamConfig") or {}
        self._aws.acting(source.role_arn, api_arn)
        key, secret, token = self._aws.sign_in(source.role_arn)
        request = AWSRequest(method=method, url=url, headers=dict(headers), data=body)
        signer = SigV4Auth(
            Credentials(key, secret, token), settings.get("signingServiceName", ""), settings.get("signingRegion", "")
        )
        signer.add_auth(request)
        before = {name.lower() for name, _ in headers}
        return [(name, str(value)) for name, value in request.headers.items() if name.lower() not in before]


def _result(answer: Response) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    for name, value in answer.headers:
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return {"statusCode": answer.status, "headers": headers, "body": answer.body.decode("utf-8", "replace")}


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
