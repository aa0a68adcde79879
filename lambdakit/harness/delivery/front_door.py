"""A request to a front door of this machine, made for what answers at a host of AWS."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lambdakit.harness.delivery.delivery import NotDelivered

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest


def answered(request: AWSRequest, url: str, *, limit_seconds: float) -> tuple[int, bytes]:
    """The status and the body that a request is answered with at a URL of this machine. NotDelivered without one."""
    host, here = urlsplit(str(request.url)).netloc, urlsplit(url)
    if here.scheme != "http":
        raise NotDelivered("ResourceNotFoundException", f"there is no API at {host}", is_final=True)
    path = here.path + (f"?{here.query}" if here.query else "")
    connection = http.client.HTTPConnection(here.hostname or "", here.port, timeout=limit_seconds)
    try:
        connection.request(str(request.method), path, request.data, {**dict(request.headers.items()), "Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except TimeoutError:
        said = f"{host} did not answer within {limit_seconds:g} s"
        raise NotDelivered("TIMEOUT", said, is_final=False) from None
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered("CONNECTION_FAILURE", f"{host}: {error}", is_final=False) from None
    finally:
        connection.close()
