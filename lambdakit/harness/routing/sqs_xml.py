"""Answers of Amazon SQS in the query protocol, which is how an HTTP API's integration passes them on.

Source: Amazon SQS API Reference, "SendMessage", "ReceiveMessage", "DeleteMessage", "PurgeQueue" (example responses of
the AWS query protocol).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from lambdakit.harness.wire import Response

_NAMESPACE: Final = "http://queue.amazonaws.com/doc/2012-11-05/"
_XML: Final = ("content-type", "text/xml")
# Lists and maps stand as repeated elements of these names.
_REPEATED: Final = {"Messages": "Message", "Attributes": "Attribute", "MessageAttributes": "MessageAttribute"}


def sqs_answer(operation: str, output: Mapping[str, Any], request_id: str) -> Response:
    """What an operation gave."""
    content = "".join(_element(name, value) for name, value in output.items())
    result = f"<{operation}Result>{content}</{operation}Result>" if content else ""
    metadata = f"<ResponseMetadata><RequestId>{escape(request_id)}</RequestId></ResponseMetadata>"
    return _document(200, f'<{operation}Response xmlns="{_NAMESPACE}">{result}{metadata}</{operation}Response>')


def sqs_error(status: int, code: str, message: str) -> Response:
    """An error of the service's."""
    error = (
        f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message><Detail/></Error>"
    )
    return _document(status, f'<ErrorResponse xmlns="{_NAMESPACE}">{error}</ErrorResponse>')


def _document(status: int, root: str) -> Response:
    return Response(status=status, headers=[_XML], body=f'<?xml version="1.0"?>{root}'.encode())


def _element(name: str, value: Any) -> str:
    repeated = _REPEATED.get(name, name)
    if isinstance(value, list):
        return "".join(_element(repeated, item) for item in value)
    if isinstance(value, dict) and name in _REPEATED:
        return "".join(
            f"<{repeated}><Name>{escape(str(key))}</Name>{_element('Value', item)}</{repeated}>"
            for key, item in value.items()
        )
    if isinstance(value, dict):
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"
