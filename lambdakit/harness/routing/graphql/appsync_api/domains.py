"""Custom domains of GraphQL APIs.

Source: AWS AppSync API Reference, "CreateDomainName", "AssociateApi"; AppSync Developer Guide, "Configuring custom
domain names for GraphQL and real-time APIs".
"""

from __future__ import annotations

from typing import Final

from lambdakit.arn import partition_of
from lambdakit.harness.moto_state import graphql_apis
from lambdakit.harness.routing.graphql.api_record import new_id
from lambdakit.harness.routing.graphql.appsync_api.calls import Calls, Input, Output, page
from lambdakit.harness.routing.graphql.appsync_api.faults import bad_request, not_found

# Source: Amazon Route 53 Developer Guide, "Values specific for simple alias records" (CloudFront's hosted zone).
_HOSTED_ZONE: Final = "Z2FDTNDATAQYW2"
_SHOWN: Final = (
    *("domainName", "description", "certificateArn", "appsyncDomainName", "hostedZoneId", "domainNameArn"),
)


def create_domain_name(calls: Calls, given: Input) -> Output:
    """A new domain, which leads nowhere."""
    name = given["domainName"].lower()
    if calls.store.domain(name) is not None:
        raise bad_request(f"Domain name {name} already exists.")
    arn = f"arn:{partition_of(calls.region)}:appsync:{calls.region}:{calls.account_id}:domainnames/{name}"
    domain = {
        "domainName": name,
        "certificateArn": given["certificateArn"],
        "appsyncDomainName": f"{new_id()[:14]}.cloudfront.net",
        "hostedZoneId": _HOSTED_ZONE,
        "domainNameArn": arn,
        "apiId": "",
        "owner": (calls.account_id, calls.region),
        **({"description": given["description"]} if given.get("description") is not None else {}),
    }
    calls.store.put_domain(name, domain)
    graphql_apis.tag_resource(calls.account_id, calls.region, arn, given.get("tags") or {})
    return {"domainNameConfig": _shown(calls, domain)}


def update_domain_name(calls: Calls, given: Input) -> Output:
    """Gives a domain another description."""
    domain = {**_domain(calls, given), "description": given.get("description") or ""}
    calls.store.put_domain(domain["domainName"], domain)
    return {"domainNameConfig": _shown(calls, domain)}


def get_domain_name(calls: Calls, given: Input) -> Output:
    """A domain."""
    return {"domainNameConfig": _shown(calls, _domain(calls, given))}


def list_domain_names(calls: Calls, given: Input) -> Output:
    """The domains of an account in a region."""
    mine = [each for each in calls.store.domains() if each["owner"] == (calls.account_id, calls.region)]
    found, token = page(mine, given)
    return {"domainNameConfigs": [_shown(calls, domain) for domain in found], "nextToken": token}


def delete_domain_name(calls: Calls, given: Input) -> Output:
    """Takes a domain away; one that leads to an API stays."""
    domain = _domain(calls, given)
    if domain["apiId"]:
        raise bad_request(f"Domain name {domain['domainName']} is associated with an API.")
    calls.store.remove_domain(domain["domainName"])
    return {}


def associate_api(calls: Calls, given: Input) -> Output:
    """Has a domain lead to an API."""
    domain, record = _domain(calls, given), calls.api(given)
    if domain["apiId"] and domain["apiId"] != record.api_id:
        raise bad_request(f"Domain name {domain['domainName']} is associated with another API.")
    return {"apiAssociation": _led(calls, domain, record.api_id)}


def disassociate_api(calls: Calls, given: Input) -> Output:
    """Has a domain lead nowhere."""
    domain = _domain(calls, given)
    if not domain["apiId"]:
        raise not_found(f"Domain name {domain['domainName']} is not associated with an API.")
    _led(calls, domain, "")
    return {}


def get_api_association(calls: Calls, given: Input) -> Output:
    """Where a domain leads."""
    domain = _domain(calls, given)
    if not domain["apiId"]:
        raise not_found(f"Domain name {domain['domainName']} is not associated with an API.")
    return {"apiAssociation": _association(domain)}


def _led(calls: Calls, domain: Input, api_id: str) -> Output:
    changed = {**domain, "apiId": api_id}
    calls.store.put_domain(domain["domainName"], changed)
    return _association(changed)


def _association(domain: Input) -> Output:
    return {"domainName": domain["domainName"], "apiId": domain["apiId"], "associationStatus": "SUCCESS"}


def _domain(calls: Calls, given: Input) -> Input:
    domain = calls.store.domain(given["domainName"].lower())
    if domain is None or domain["owner"] != (calls.account_id, calls.region):
        raise not_found(f"Domain name {given['domainName']} not found.")
    return domain


def _shown(calls: Calls, domain: Input) -> Output:
    tags = graphql_apis.tags_of(calls.account_id, calls.region, domain["domainNameArn"])
    return {**{name: domain[name] for name in _SHOWN if name in domain}, "tags": tags}
