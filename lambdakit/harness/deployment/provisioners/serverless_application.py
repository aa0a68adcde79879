"""`AWS::Serverless::Application`: an application of the Serverless Application Repository, kept and not run.

Its template lies in AWS's repository, so nobody here knows what is in it: every output that is asked for has a value of
the right form, and what such a value names does not exist.
Source: AWS SAM Developer Guide, "AWS::Serverless::Application" (its return values).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from lambdakit.arn import partition_of
from lambdakit.harness.deployment.names import generated_name
from lambdakit.harness.deployment.property_tree import PropertyTree, records
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.settings import HoldsNothing
from lambdakit.harness.deployment.stack_ids import stack_id
from lambdakit.limits import FUNCTION_NAME_LENGTH_MAX

_OUTPUT: Final = "Outputs."
# What the functions that its outputs name begin with. Source: AWS Serverless Application Repository Developer Guide,
# "Deploying Applications": the stacks of applications do.
_FUNCTION_PREFIX: Final = "serverlessrepo-"
_STACK_NAME_LENGTH_MAX: Final = 128
_NOTE: Final = (
    "is an application of the Serverless Application Repository, which is not run here: "
    "the functions and other resources that its outputs name do not exist"
)


class ServerlessApplication(HoldsNothing):
    """An application. `Ref` gives the id of the nested stack that it would be."""

    properties: ClassVar[PropertyTree] = records("Location NotificationARNs Parameters Tags TimeoutInMinutes")

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """What the application gives; nothing is made."""
        context.note(resource.logical_id, _NOTE)
        name = resource.generated_name(length_max=_STACK_NAME_LENGTH_MAX)
        return Provisioned(
            physical_id=stack_id(resource.account_id, resource.region, name), attributes=_Outputs(resource)
        )

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """The same: no output follows from a property."""
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """There is nothing to delete."""


def is_of_application(arn: str) -> bool:
    """Whether a function's ARN is an output of an application, so that there is no such function here."""
    return arn.rpartition(":")[2].startswith(_FUNCTION_PREFIX)


class _Outputs(Mapping[str, str]):
    """A value for every `Outputs.<name>`. Its length is that of what is known to be in it: nothing."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource

    def __getitem__(self, attribute: str) -> str:
        place = self._resource
        name = attribute.removeprefix(_OUTPUT)
        if name == attribute or not name:
            raise KeyError(attribute)
        value = generated_name(
            place.account_id,
            place.region,
            name,
            stack=place.stack,
            logical_id=place.logical_id,
            length_max=FUNCTION_NAME_LENGTH_MAX - len(_FUNCTION_PREFIX),
        )
        if name.lower().endswith("arn"):
            where = f"arn:{partition_of(place.region)}:lambda:{place.region}:{place.account_id}"
            return f"{where}:function:{_FUNCTION_PREFIX}{value}"
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
