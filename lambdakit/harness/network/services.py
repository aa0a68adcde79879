"""What an AWS service is called where: in a signature, in a host name, and as an endpoint service.

Source: AWS PrivateLink Guide, "AWS services that integrate with AWS PrivateLink"; AWS General Reference, "Service
endpoints"; the signing names and endpoint prefixes of botocore's service models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from lambdakit.harness.network.verdict import Destination
from lambdakit.records import dataclass

# Endpoint services with a gateway endpoint. Source: AWS PrivateLink Guide, "Gateway endpoints"; Amazon S3 User Guide,
# "Networking for S3 Express One Zone".
GATEWAYS: Final = frozenset({"s3", "dynamodb", "s3express"})
# Endpoint services without private DNS names. Source: Amazon DynamoDB Developer Guide, "AWS PrivateLink for DynamoDB",
# "Considerations", and the same for DynamoDB Streams.
WITHOUT_PRIVATE_DNS: Final = frozenset({"dynamodb", "dynamodb-streams"})
# Amazon S3 User Guide, "AWS PrivateLink for Amazon S3", "Private DNS": what comes from the VPC takes the gateway.
GATEWAY_FIRST: Final = frozenset({"s3"})

# Signing name -> endpoint services, where they differ. Several where one name signs for several APIs.
_SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "airflow": ("airflow.api", "airflow.env", "airflow.ops"),
    "aoss": ("aoss", "aoss-data"),
    "appconfig": ("appconfig", "appconfigdata"),
    "appsync": ("appsync", "appsync-api"),
    "bedrock": ("bedrock-runtime", "bedrock-agent-runtime", "bedrock-agent", "bedrock"),
    "codeartifact": ("codeartifact.api",),
    "connect-campaigns": ("connect-campaigns",),
    "ecr": ("ecr.api",),
    "finspace": ("finspace-api", "finspace"),
    "firehose": ("kinesis-firehose",),
    "forecast": ("forecast", "forecastquery"),
    "geo": ("geo.maps", "geo.places", "geo.routes", "geo.geofencing", "geo.tracking", "geo.metadata"),
    "iotdata": ("iot.data",),
    "iotdevicegateway": ("iot.data",),
    "iotsitewise": ("iotsitewise.api", "iotsitewise.data"),
    "iottwinmaker": ("iottwinmaker.api", "iottwinmaker.data"),
    "iotwireless": ("iotwireless.api",),
    "kinesis": ("kinesis-streams",),
    "lex": ("runtime-v2-lex", "models-v2-lex"),
    "memorydb": ("memory-db",),
    "mobiletargeting": ("pinpoint",),
    "omics": ("analytics-omics", "control-storage-omics", "storage-omics", "tags-omics", "workflows-omics"),
    "payment-cryptography": ("payment-cryptography.dataplane", "payment-cryptography.controlplane"),
    "qldb": ("qldb.session",),
    "rekognition": ("rekognition", "streaming-rekognition"),
    "rum": ("rum", "rum-dataplane"),
    "s3-object-lambda": ("s3",),
    "sagemaker": ("sagemaker.runtime", "sagemaker.api", "sagemaker.featurestore-runtime", "sagemaker.metrics"),
    "servicediscovery": ("servicediscovery", "data-servicediscovery"),
    "ses": ("email",),
    "states": ("states", "sync-states"),
    "transcribe": ("transcribe", "transcribestreaming"),
}
# The part of a host name before the region -> endpoint service, where they differ.
_NAMED: Final[Mapping[str, str]] = {
    "api.airflow": "airflow.api",
    "api.ecr": "ecr.api",
    "api.sagemaker": "sagemaker.api",
    "data-ats.iot": "iot.data",
    "data.iot": "iot.data",
    "ddb": "dynamodb",
    "dkr.ecr": "ecr.dkr",
    "entitlement.marketplace": "entitlement.marketplace",
    "firehose": "kinesis-firehose",
    "kinesis": "kinesis-streams",
    "memory-db": "memory-db",
    "runtime.sagemaker": "sagemaker.runtime",
    "s3-accesspoint": "s3",
    "s3-control": "s3",
    "streams.dynamodb": "dynamodb-streams",
}
_REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
_API_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")
_OWN_NAME: Final = re.compile(r"(?:.+\.)?(vpce-[0-9a-f]+)(?:-[^.]+)?\.[^/]*\.vpce\.amazonaws\.com(?:\.cn)?")
# What stands under such names is somebody's file system, balancer or machine, not a service's API.
_NOT_AN_API: Final = frozenset({"efs", "fsx", "elb", "rds", "cache", "compute", "docdb", "neptune", "es", "mq"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service's API. names: the endpoint services that it may be, without `com.amazonaws.REGION.`.

    label: how it is called in a sentence. endpoint_id: of the endpoint by whose own name it is called, if it is.
    """

    names: tuple[str, ...]
    region: str
    label: str
    endpoint_id: str = ""


def service_at(destination: Destination, region: str) -> Service | None:
    """The service that is meant, by its host name or its signing name; None for a host that is none.

    region: what is meant where the destination names none.
    """
    host = destination.host.lower().rstrip(".")
    service = _by_host(host, destination.region or region) if host else None
    if not destination.service:
        return service
    if service is not None and (service.endpoint_id or service.names != (host.partition(".")[0],)):
        return service
    return _by_signature(destination.service, destination.region or region)


def is_endpoint_of(service_name: str, service: Service) -> bool:
    """Whether an endpoint's service name (`com.amazonaws.eu-west-1.sqs`) is that of the service in its region."""
    for name in service.names:
        # Some services have endpoint services by cell: `timestream.ingest-cell1`.
        if service_name == f"com.amazonaws.{service.region}.{name}" or service_name.startswith(
            f"com.amazonaws.{service.region}.{name}.ingest-"
        ):
            return True
    # Names of global services have no region; China's begin with `cn.`.
    return any(
        service_name in (f"com.amazonaws.{name}", f"cn.com.amazonaws.{service.region}.{name}") for name in service.names
    )


def _by_signature(name: str, region: str) -> Service:
    return Service(names=_SIGNED.get(name, (name,)), region=region, label=f"{name}.{region}")


def _by_host(host: str, region: str) -> Service | None:
    own = _OWN_NAME.fullmatch(host)
    if own is not None:
        return Service(names=(), region=region, label=host, endpoint_id=own[1])
    suffix = next((each for each in _API_SUFFIXES if host.endswith(each)), None)
    if suffix is None:
        return None
    labels = host.removesuffix(suffix).split(".")
    if _REGION.fullmatch(labels[-1]):
        region = labels.pop()
    elif labels[-1].startswith("s3-") and _REGION.fullmatch(labels[-1][3:]):
        region, labels[-1] = labels[-1][3:], "s3"  # the older form, with a hyphen
    elif len(labels) > 1 and labels[-1] != "s3":
        return None  # the region stands elsewhere: under it there are hosts of customers
    if labels and labels[-1] == "dualstack":
        labels.pop()
    if not labels or labels[-1] in _NOT_AN_API:
        return None
    pair, last = ".".join(labels[-2:]), labels[-1]
    names = _NAMED.get(pair) or _NAMED.get(last)
    found = (names,) if names is not None else _SIGNED.get(last, (last,))
    return Service(names=(last,) if last in ("bedrock", "states") else found, region=region, label=f"{last}.{region}")
