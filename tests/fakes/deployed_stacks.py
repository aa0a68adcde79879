"""Stacks as the deployment engine keeps them, made of plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdakit.assembly.source_map import SourceMap, SourcePlace
from lambdakit.harness.deployment.deployed import DeployedStack, Deployment, Stacks
from lambdakit.harness.deployment.provisioner import Created, Provisioned, Resource

ACCOUNT = "123456789012"
REGION = "us-east-1"


def role_arn(name: str) -> str:
    """The ARN of a role of the account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def function_arn(name: str) -> str:
    """The ARN of a function of the account."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def created(
    logical_id: str,
    type_name: str,
    arn: str,
    *,
    path: str | None = None,
    physical_id: str = "",
    properties: Mapping[str, Any] | None = None,
) -> Created:
    """A resource of the stack `shop`. physical_id: absence takes the logical id."""
    resource = Resource(
        stack="shop",
        stack_id="arn:stack",
        logical_id=logical_id,
        type=type_name,
        properties=properties or {},
        account_id=ACCOUNT,
        region=REGION,
        construct_path=path,
    )
    attributes = {"Arn": arn} if arn else {}
    return Created(
        resource=resource, provisioned=Provisioned(physical_id=physical_id or logical_id, attributes=attributes)
    )


def a_role(name: str, path: str | None = None) -> Created:
    """A role called after its logical id."""
    return created(name, "AWS::IAM::Role", role_arn(name), path=path)


def a_function(name: str, role: str, path: str | None = None) -> Created:
    """A function called after its logical id. role: the name of its role."""
    properties = {"Role": role_arn(role)}
    return created(name, "AWS::Lambda::Function", function_arn(name), path=path, properties=properties)


def deployed(*resources: Created, lines: Mapping[str, int] | None = None, document: str = "") -> Stacks:
    """The one stack `shop`. lines: logical id -> line of the document."""
    stack = DeployedStack(name="shop", stack_id="arn:stack", account_id=ACCOUNT, region=REGION)
    stack.resources = {resource.resource.logical_id: resource for resource in resources}
    places = {
        logical_id: SourcePlace(pointer="patterns.orders", line=line, column=3, document=document)
        for logical_id, line in (lines or {}).items()
    }
    stack.record.source_map = SourceMap(stacks={"shop": places})
    stacks = Stacks()
    stacks.add(stack)
    return stacks


def deployment_of(stacks: Stacks) -> Deployment:
    """A deployment of all stacks."""
    return Deployment(id="deployment-1", stacks=list(stacks.all()))
