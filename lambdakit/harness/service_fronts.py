"""What stands before moto, service by service."""

from __future__ import annotations

from collections.abc import Callable

from lambdakit.harness import managed_kafka
from lambdakit.harness.account import Account
from lambdakit.harness.deployment import api_creation
from lambdakit.harness.input_bounds import bound_inputs
from lambdakit.harness.lambda_service.scaling.api import SERVICE, ScalingApi
from lambdakit.harness.lambda_service.scaling.scaling import ProvisionedScaling
from lambdakit.harness.wire import Request, Response


def stand_before(
    account: Account,
    scaling: ProvisionedScaling,
    trials: Callable[[Request, str, str], Response | None],
    *,
    region: str,
) -> None:
    """Gives requests to those who answer them in moto's place, or look at them first.

    trials: see `ApiCreation`. region: of requests that name none.
    """
    account.stand_before(SERVICE, ScalingApi(scaling, region=region).serve)
    account.stand_before(api_creation.SERVICE, api_creation.ApiCreation(account, region, trials).serve)
    account.stand_before(managed_kafka.SERVICE, managed_kafka.ManagedKafkaApi(account).serve)
    bound_inputs(account)
