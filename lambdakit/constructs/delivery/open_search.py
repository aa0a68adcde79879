"""An existing domain of OpenSearch Service, whose documents the function writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchservice as opensearch

from lambdakit.constructs.acknowledgements import acknowledge_grant
from lambdakit.constructs.delivery.made_delivery import MadeDelivery
from lambdakit.errors import Diagnostic

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_

_WRITE: Final = ("es:ESHttpPost", "es:ESHttpPut")
# Source: OpenSearch documentation, "Create index", index naming restrictions
_INDEX_LENGTH_MAX: Final = 255
_NOT_IN_INDEX: Final = frozenset(' ,:"*+/\\|?#><')


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSearchDelivery:
    """Documents of a domain.

    domain: an existing one; in a VPC, the function has to be in one that reaches it.
    index: the one the function may write; absent, every one.
    """

    domain: opensearch.IDomain
    index: str | None = None


def open_search_problems(pointer: str, delivery: OpenSearchDelivery) -> Iterator[Diagnostic]:
    """An index that cannot exist."""
    index = delivery.index
    if index is None:
        return
    is_name = 1 <= len(index.encode()) <= _INDEX_LENGTH_MAX and index == index.lower() and index[0] not in "_-"
    if not is_name or _NOT_IN_INDEX & set(index):
        yield Diagnostic(
            pointer=f"{pointer}.index",
            problem=f"{index!r} is no name of an index: lower case, not beginning with _ or -, "
            f'without spaces and any of , : " * + / \\ | ? # > <, up to {_INDEX_LENGTH_MAX} bytes',
            code="LK405",
            hint="index: clicks",
        )


def make_open_search_delivery(delivery: OpenSearchDelivery) -> MadeDelivery:
    """The domain, known to the function by `DOMAIN_ENDPOINT` and, where there is one, `INDEX_NAME`."""
    variables = {"DOMAIN_ENDPOINT": delivery.domain.domain_endpoint}
    if delivery.index is not None:
        variables["INDEX_NAME"] = delivery.index
    return MadeDelivery(variables=variables, domain=delivery.domain)


def grant_open_search_delivery(delivery: OpenSearchDelivery, made: MadeDelivery, handler: lambda_.IFunction) -> None:
    """Allows the function to post and put documents: `POST /<index>/_bulk`, `PUT /<index>/_doc/<id>`."""
    arn = delivery.domain.domain_arn
    resource = f"{arn}/*" if delivery.index is None else f"{arn}/{delivery.index}/*"
    handler.add_to_role_policy(iam.PolicyStatement(actions=list(_WRITE), resources=[resource]))
    acknowledge_grant(handler, resource, "The documents of an index cannot be named beforehand.")
