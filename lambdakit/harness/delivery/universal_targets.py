"""Universal targets: `arn:aws:scheduler:::aws-sdk:service:operation`, called as the schedule's role.

Source: EventBridge Scheduler User Guide, "Using universal targets in EventBridge Scheduler": the service is named as
the AWS SDKs identify it, such as `cognitoidentityprovider`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from lambdakit.arn import Arn, partition_of
from lambdakit.harness.delivery.delivery import Delivery, NotDelivered
from lambdakit.harness.delivery.schedule_checks import universal
from lambdakit.harness.delivery.targets import Targets
from lambdakit.harness.invocation.shipment import Clients as RoleClients

# The SDKs' identifiers that are not also boto3's names. The others are tried as they are.
_NAMES: Final[Mapping[str, str]] = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchevents": "events",
    "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "databasemigration": "dms",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "rdsdata": "rds-data",
    "redshiftdata": "redshift-data",
    "resourcegroups": "resource-groups",
    "sfn": "stepfunctions",
    "timestreamwrite": "timestream-write",
}


class UniversalTargets:
    """Calls operations. targets: for those of Lambda."""

    def __init__(self, targets: Targets, role_clients: RoleClients) -> None:
        self._targets = targets
        self._role_clients = role_clients

    def send(self, delivery: Delivery, target: Arn) -> None:
        """Calls the operation. NotDelivered when there is none, or none that runs here."""
        called = universal(str(target))
        if called is None:
            raise NotDelivered("InvalidParameterValue", f"{target} names no operation", is_final=True)
        service, operation = called
        try:
            request = json.loads(delivery.payload or b"{}")
        except ValueError as error:
            raise NotDelivered("InvalidParameterValue", f"the input is no JSON: {error}", is_final=True) from None
        if not isinstance(request, dict):
            raise NotDelivered("InvalidParameterValue", "the input is no JSON object", is_final=True)
        if service == "lambda":
            self._invoke(delivery, operation, request)
            return
        self._call(delivery, _NAMES.get(service, service), operation, request)

    def _invoke(self, delivery: Delivery, operation: str, request: Mapping[str, Any]) -> None:
        """Functions are not moto's."""
        if operation.lower() not in ("invoke", "invokeasync"):
            raise NotDelivered("NOT_SERVED", f"lambda:{operation} is not called by schedules here", is_final=True)
        named = str(request.get("FunctionName") or "")
        region, account_id = delivery.source.split(":")[3:5]
        arn = (
            named
            if named.startswith("arn:")
            else f"arn:{partition_of(region)}:lambda:{region}:{account_id}:function:{named}"
        )
        if request.get("Qualifier"):
            arn += f":{request['Qualifier']}"
        payload = request.get("Payload", {})
        text = payload if isinstance(payload, str) else json.dumps(payload)
        self._targets.send(replace(delivery, target=arn, payload=text.encode()))

    def _call(self, delivery: Delivery, service: str, operation: str, request: Mapping[str, Any]) -> None:
        from botocore.exceptions import BotoCoreError, ParamValidationError

        region = delivery.source.split(":")[3]
        try:
            client = self._role_clients(service, region, role=delivery.role_arn)
        except (BotoCoreError, ValueError) as error:
            raise NotDelivered(
                "InvalidParameterValue", f"no service is called {service}: {error}", is_final=True
            ) from None
        methods = {name.lower(): method for method, name in client.meta.method_to_api_mapping.items()}
        method = methods.get(operation.lower())
        if method is None:
            raise NotDelivered("InvalidParameterValue", f"{service} has no operation {operation}", is_final=True)
        try:
            getattr(client, method)(**request)
        except ParamValidationError:
            raise  # told as every target tells it
        except BotoCoreError as error:
            raise NotDelivered("SDK_CLIENT_ERROR", str(error), is_final=True) from None
