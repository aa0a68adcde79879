"""What of moto's services stands in a VPC under a host name: databases, search domains, file systems, balancers.

Private surface used: `rds_backends[account][region]` with `databases`, `clusters`, `db_proxies` and `subnet_groups`;
`opensearch_backends[…].domains`; `efs_backends[…].mount_targets_by_id`; `elbv2_backends[…].load_balancers`;
`ec2_backends[…].default_vpc`, and the attributes of what they hold.
Canary: tests/unit/harness/network/test_network_moto_hosts.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lambdakit.harness.moto_state.loaded import loaded
from lambdakit.harness.moto_state.network_objects import RecordedEndpoint

_UNREADABLE: Final = (AttributeError, LookupError, TypeError, ValueError)


def hosts_of(account_id: str, region: str) -> tuple[RecordedEndpoint, ...]:
    """What stands in a region's VPCs. A file system has one entry for each mount target, all of one host."""
    readers = (_databases, _domains, _file_systems, _balancers)
    return tuple(endpoint for read in readers for endpoint in read(account_id, region))


def _databases(account_id: str, region: str) -> Iterator[RecordedEndpoint]:
    """Source: Amazon RDS User Guide, "Working with a DB instance in a VPC"."""
    backend = _backend("rds", account_id, region)
    if backend is None:
        return
    for database in list(backend.databases.values()):
        with contextlib.suppress(*_UNREADABLE):
            group = getattr(database, "db_subnet_group", None)  # moto sets it where one is named
            yield RecordedEndpoint(
                host=str(database.address).lower(),
                port=int(database.port or 0),
                label=f"DB instance {database.db_instance_identifier}",
                subnet_ids=_ids(group._subnets) if group is not None else _default_subnets(account_id, region),
                security_group_ids=tuple(database.vpc_security_group_ids),
                publicly_accessible=bool(database.publicly_accessible),
            )
    for cluster in list(backend.clusters.values()):
        with contextlib.suppress(*_UNREADABLE):
            group = backend.subnet_groups.get(cluster.db_subnet_group_name)
            for host in (cluster.endpoint, cluster.reader_endpoint):
                yield RecordedEndpoint(
                    host=str(host).lower(),
                    port=int(cluster.port or 0),
                    label=f"DB cluster {cluster.db_cluster_identifier}",
                    subnet_ids=_ids(group._subnets) if group is not None else _default_subnets(account_id, region),
                    security_group_ids=tuple(cluster.vpc_security_group_ids),
                    publicly_accessible=bool(cluster.publicly_accessible),
                )
    for proxy in list(backend.db_proxies.values()):
        with contextlib.suppress(*_UNREADABLE):
            yield RecordedEndpoint(
                host=str(proxy.endpoint).lower(),
                label=f"DB proxy {proxy.db_proxy_name}",
                subnet_ids=tuple(proxy.vpc_subnet_ids),
                security_group_ids=tuple(proxy.vpc_security_group_ids),
            )


def _domains(account_id: str, region: str) -> Iterator[RecordedEndpoint]:
    """Source: Amazon OpenSearch Service Developer Guide, "Launching your domains within a VPC"."""
    backend = _backend("opensearch", account_id, region)
    for domain in list(getattr(backend, "domains", {}).values()):
        with contextlib.suppress(*_UNREADABLE):
            options = domain.vpc_options or {}
            name = domain.domain_name
            given = [domain.endpoint, *(domain.endpoints or {}).values()]
            forms = [f"search-{name}.{region}.es.amazonaws.com", f"search-{name}.aos.{region}.on.aws"]
            for host in dict.fromkeys(str(each).lower() for each in (*given, *forms) if each):
                yield RecordedEndpoint(
                    host=host,
                    port=443,
                    label=f"domain {name}",
                    subnet_ids=tuple(options.get("SubnetIds") or ()),
                    security_group_ids=tuple(options.get("SecurityGroupIds") or ()),
                )


def _file_systems(account_id: str, region: str) -> Iterator[RecordedEndpoint]:
    """Source: Amazon EFS User Guide, "Managing mount targets": one name, and one address for each zone."""
    backend = _backend("efs", account_id, region)
    for target in list(getattr(backend, "mount_targets_by_id", {}).values()):
        with contextlib.suppress(*_UNREADABLE):
            for host in (f"{target.file_system_id}.efs.{region}.amazonaws.com", str(target.ip_address)):
                yield RecordedEndpoint(
                    host=host,
                    port=2049,
                    label=f"file system {target.file_system_id}",
                    subnet_ids=(target.subnet_id,),
                    security_group_ids=tuple(target.security_groups or ()),
                )


def _balancers(account_id: str, region: str) -> Iterator[RecordedEndpoint]:
    """Source: Elastic Load Balancing User Guide, "Load balancer scheme".

    A Network Load Balancer without groups lets everything pass to its targets.
    """
    backend = _backend("elbv2", account_id, region)
    for balancer in list(getattr(backend, "load_balancers", {}).values()):
        with contextlib.suppress(*_UNREADABLE):
            public = balancer.scheme != "internal"
            groups = tuple(balancer.security_groups or ())
            yield RecordedEndpoint(
                host=str(balancer.dns_name).lower(),
                label=f"load balancer {balancer.name}",
                subnet_ids=_ids(balancer.subnets),
                security_group_ids=groups if groups or balancer.type != "network" else None,
                publicly_accessible=public,
                public_name=public,
            )


def _default_subnets(account_id: str, region: str) -> tuple[str, ...]:
    """The subnets of the default VPC, where what names none is put."""
    ec2 = _backend("ec2", account_id, region)
    if ec2 is None:
        return ()
    own = [each for zone in list(ec2.subnets.values()) for each in list(zone.values())]
    return tuple(subnet.id for subnet in own if subnet.vpc_id == ec2.default_vpc.id)


def _backend(service: str, account_id: str, region: str) -> Any:
    """moto's backend; None where nobody asked for it, since asking would make it."""
    backends = getattr(loaded(f"moto.{service}.models"), f"{service}_backends", None)
    regions = None if backends is None else dict(list(backends.items())).get(account_id)
    return None if regions is None else dict(list(regions.items())).get(region)


def _ids(subnets: Iterable[Any]) -> tuple[str, ...]:
    return tuple(str(subnet.id) for subnet in subnets)
