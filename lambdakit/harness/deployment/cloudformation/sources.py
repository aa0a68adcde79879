"""What a call of the CloudFormation API brings: a template and values, made the source of a stack.

Source: AWS CloudFormation API Reference, "CreateStack" and "CreateChangeSet".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.assembly.image_overrides import ImageSource
from lambdakit.assembly.source_map import SourceMap
from lambdakit.assembly.template import Template
from lambdakit.harness.account import Account
from lambdakit.harness.deployment.cloudformation.parameters import given_values
from lambdakit.harness.deployment.cloudformation.refusal import Refused
from lambdakit.harness.deployment.cloudformation.stored_templates import StoredTemplates
from lambdakit.harness.deployment.cloudformation.tags import given_tags
from lambdakit.harness.deployment.cloudformation.template_text import BODY_BYTES_MAX, read_template
from lambdakit.harness.deployment.deployed import DeployedStack
from lambdakit.harness.deployment.stack_source import StackSource

_SHOWN_MAX = 100
# CloudFormation User Guide, "Acknowledging IAM resources in CloudFormation templates".
_IAM_TYPES: Mapping[str, str] = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}


class Sources:
    """Reads templates and what they refer to from the account's buckets."""

    def __init__(self, account: Account) -> None:
        self._stored = StoredTemplates(account)

    def text(self, given: Mapping[str, Any], *, account_id: str, region: str, previous: str) -> str:
        """The template's text: given, at a URL, or the one before."""
        if given.get("TemplateBody") and given.get("TemplateURL"):
            raise Refused("ValidationError", "You cannot specify both TemplateURL and TemplateBody.")
        if given.get("UsePreviousTemplate") and previous:
            return previous
        if given.get("TemplateBody"):
            return _checked_body(str(given["TemplateBody"]))
        if given.get("TemplateURL"):
            return self._stored.text(str(given["TemplateURL"]), account_id, region)
        raise Refused("ValidationError", "Either Template URL or Template Body must be specified.")

    def source(self, given: Mapping[str, Any], stack: DeployedStack) -> StackSource:
        """The source that a call describes. Refused when it is not to be used."""
        record = stack.record
        text = self.text(given, account_id=stack.account_id, region=stack.region, previous=record.text)
        template = read_template(text, name=stack.name)
        return StackSource(
            name=stack.name,
            account_id=stack.account_id,
            region=stack.region,
            template=template,
            given=given_values(given.get("Parameters") or (), template, record.given, record.template),
            asset=lambda bucket, key: None,
            include=lambda location: self._stored.snippet(location, stack.account_id, stack.region),
            nested_template=lambda url, place: self._stored.template(url, place, stack.account_id, stack.region),
            source_map=SourceMap(stacks={}),
            publish=lambda properties, account_id, region: None,
            image=lambda name, logical_id, uri: ImageSource(),
            tags=given_tags(given, record.tags),
            text=text,
        )


def check_capabilities(template: Template, given: Sequence[str], *, expands: bool) -> None:
    """InsufficientCapabilitiesException unless the caller acknowledges what the template does.

    expands: whether transforms are carried out without a change set that shows the outcome.
    """
    needed = [name for name in required_capabilities(template) if expands or name != "CAPABILITY_AUTO_EXPAND"]
    accepted = {*given, *({"CAPABILITY_IAM"} if "CAPABILITY_NAMED_IAM" in given else ())}
    missing = [capability for capability in needed if capability not in accepted]
    if missing:
        raise Refused("InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(missing)}]")


def required_capabilities(template: Template) -> list[str]:
    """What has to be acknowledged for a template."""
    iam = [resource for resource in template.resources.values() if resource.type in _IAM_TYPES]
    named = any(_IAM_TYPES[resource.type] in resource.properties for resource in iam)
    expands = ["CAPABILITY_AUTO_EXPAND"] if template.transform else []
    return [*(["CAPABILITY_NAMED_IAM"] if named else ["CAPABILITY_IAM"] if iam else []), *expands]


def _checked_body(text: str) -> str:
    if len(text.encode("utf-8", "replace")) > BODY_BYTES_MAX:
        raise Refused(
            "ValidationError",
            f"1 validation error detected: Value '{text[:_SHOWN_MAX]}…' at 'templateBody' failed to satisfy "
            f"constraint: Member must have length less than or equal to {BODY_BYTES_MAX}",
        )
    return text
