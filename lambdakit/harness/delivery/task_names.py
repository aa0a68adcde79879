"""What services are called in state machines: in the ARNs of tasks, and in the names of errors.

Both are the names of the SDK for Java. Source: AWS Step Functions Developer Guide, "Learning to use AWS service SDK
integrations in Step Functions".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

# The services that the SDK for Java calls by another name than boto3, hyphens apart. Source: botocore's models
# (`serviceId`); `elasticmapreduce` and `states`: the optimized integrations' own names.
_CLIENTS: Final[Mapping[str, str]] = {
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigrationservice": "dms",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticmapreduce": "emr",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
    "states": "stepfunctions",
}


def client_name(service: str) -> str:
    """What boto3 calls a service that a state machine names; the same where it has no client of such a name."""
    return _CLIENTS.get(service) or _without_hyphens().get(service, service)


@functools.cache
def _without_hyphens() -> Mapping[str, str]:
    from boto3 import Session

    return {name.replace("-", ""): name for name in Session().get_available_services()}


@functools.cache
def error_prefix(service: str) -> str:
    """What the errors of a service begin with, by the name that a state machine has for it."""
    from boto3 import Session
    from botocore.exceptions import UnknownServiceError

    try:
        model = Session()._session.get_service_model(client_name(service))
    except UnknownServiceError:
        return service
    return java_name(str(model.service_id))


def java_name(service_id: str) -> str:
    """What the SDK for Java calls a service, by its id.

    Source: AWS SDK for Java 2.x, the naming strategy of its code generator.
    """
    words = re.sub(r"[^A-Za-z0-9]+", " ", service_id)
    words = re.sub(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " ", words)
    words = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", words)
    words = re.sub(r"([0-9])([a-zA-Z])", r"\1 \2", words)
    return "".join(word[:1].upper() + word[1:].lower() for word in words.split())
