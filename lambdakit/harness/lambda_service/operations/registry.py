"""Every operation that is built, by its name in the service's model."""

from __future__ import annotations

from collections.abc import Mapping

from lambdakit.harness.lambda_service.operations import (
    aliases,
    capacity_providers,
    code_signing,
    concurrency,
    durable_executions,
    event_invoke_configs,
    event_source_mappings,
    function_urls,
    functions,
    layers,
    permissions,
    runtime_settings,
    tags,
)
from lambdakit.harness.lambda_service.operations.operation import Operation

OPERATIONS: Mapping[str, Operation] = {
    **aliases.OPERATIONS,
    **capacity_providers.OPERATIONS,
    **code_signing.OPERATIONS,
    **concurrency.OPERATIONS,
    **durable_executions.OPERATIONS,
    **event_invoke_configs.OPERATIONS,
    **event_source_mappings.OPERATIONS,
    **function_urls.OPERATIONS,
    **functions.OPERATIONS,
    **layers.OPERATIONS,
    **permissions.OPERATIONS,
    **runtime_settings.OPERATIONS,
    **tags.OPERATIONS,
}
