"""Bedrock's models and SageMaker's endpoints.

Source: Service Authorization Reference, "Amazon Bedrock" and "Amazon SageMaker AI"; Bedrock User Guide, "Carry out a
conversation with the Converse API operations" (`Converse` needs `bedrock:InvokeModel`) and "Supported Regions and
models for inference profiles" (their ids begin with a group of regions).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lambdakit.harness.iam.api_call import ApiCall
from lambdakit.harness.iam.rules import Need, Reader, Rules

_PROFILE: Final = re.compile(r"(?:us|eu|apac|us-gov|jp|au|ca|sa|global)\.[a-z0-9-]+\..+")


def model_arn(call: ApiCall, model: str) -> str:
    """The ARN of a model by its id, of an inference profile by its own; an ARN as it is."""
    if model.startswith("arn:"):
        return model
    if _PROFILE.fullmatch(model):
        return call.arn("bedrock", f"inference-profile/{model}")
    return call.arn("bedrock", f"foundation-model/{model}", account_id="")


def _of_model(action: str) -> Reader:
    def read(call: ApiCall) -> Sequence[Need] | None:
        model = call.text("modelId")
        if not model:
            return None
        needs = [Need(action=f"bedrock:{action}", resources=(model_arn(call, model),))]
        guardrail = call.text("guardrailIdentifier") or _guardrail(call)
        if guardrail:
            keys = {"bedrock:guardrailidentifier": (guardrail_arn(call, guardrail),)}
            needs = [Need(action=need.action, resources=need.resources, keys=keys) for need in needs]
        return needs

    return read


def guardrail_arn(call: ApiCall, guardrail: str) -> str:
    """The ARN of a guardrail by its id or ARN."""
    return guardrail if guardrail.startswith("arn:") else call.arn("bedrock", f"guardrail/{guardrail}")


def _guardrail(call: ApiCall) -> str:
    configured = call.members.get("guardrailConfig")
    identifier = configured.get("guardrailIdentifier") if isinstance(configured, dict) else None
    return identifier if isinstance(identifier, str) else ""


BEDROCK_RUNTIME: Final = Rules(
    members={"guardrail.GuardrailId": ("guardrailIdentifier",)},
    readers={
        "Converse": _of_model("InvokeModel"),
        "ConverseStream": _of_model("InvokeModelWithResponseStream"),
        "CountTokens": _of_model("CountTokens"),
        "InvokeModel": _of_model("InvokeModel"),
        "InvokeModelWithBidirectionalStream": _of_model("InvokeModelWithResponseStream"),
        "InvokeModelWithResponseStream": _of_model("InvokeModelWithResponseStream"),
        "StartAsyncInvoke": _of_model("InvokeModel"),
    },
)


def _endpoint(call: ApiCall) -> Sequence[str]:
    """An endpoint's name is in lower case in its ARN. Source: SageMaker AI API Reference, "CreateEndpoint"."""
    name = call.text("EndpointName")
    return [call.arn("sagemaker", f"endpoint/{name.lower()}")] if name else []


SAGEMAKER_RUNTIME: Final = Rules(
    actions={"InvokeEndpointWithResponseStream": ("InvokeEndpoint",)},
    resources={"endpoint": _endpoint},
)
