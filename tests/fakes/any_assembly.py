"""A Hypothesis strategy over templates of supported types, with references among them, conditions and outputs.

A logical id keeps its type from template to template, as CloudFormation asks for; everything else is drawn anew. Each
resource refers to earlier ones only, so that there are no circles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Template = Mapping[str, Any]

# Source of the types' properties: CloudFormation Template Reference.
KINDS: Mapping[str, str] = {
    "Queue": "AWS::SQS::Queue",
    "Groups": "AWS::Logs::LogGroup",
    "Table": "AWS::DynamoDB::Table",
    "Bucket": "AWS::S3::Bucket",
    "Topic": "AWS::SNS::Topic",
    "Setting": "AWS::SSM::Parameter",
    "Role": "AWS::IAM::Role",
    "Function": "AWS::Lambda::Function",
    "Rule": "AWS::Events::Rule",
}
LETTERS = "AB"
_TEXTS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=8)
_TAGS = st.dictionaries(st.sampled_from(["team", "cost", "x"]), _TEXTS, max_size=2).map(
    lambda tags: [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Earlier:
    """What was drawn so far.

    there: logical id -> the condition under which it exists, None for always. resources: the same as they are declared.
    """

    draw: Callable[[st.SearchStrategy[Any]], Any]
    there: dict[str, str | None]
    resources: dict[str, Any]

    def one(self, *kinds: str) -> str | None:
        """A resource of one of the kinds; None when there is none."""
        names = [name for name in self.there if name[:-1] in kinds]
        return self.draw(st.sampled_from(names)) if names else None

    def target(self, *kinds: str) -> dict[str, Any] | None:
        """The ARN of one that is always there and takes plain messages."""
        name = self.one(*kinds)
        if name is None or self.there[name] is not None or "FifoQueue" in self.resources[name]["Properties"]:
            return None
        return {"Fn::GetAtt": [name, "Arn"]}

    def value(self, name: str, attribute: str, otherwise: Any) -> Any:
        """What a resource gives, where it exists; else something else."""
        value = {"Ref": name} if attribute == "Ref" else {"Fn::GetAtt": [name, attribute]}
        condition = self.there[name]
        return value if condition is None else {"Fn::If": [condition, value, otherwise]}


@st.composite
def templates(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Template:
    """One template. Its parameter `Mode` decides the conditions."""
    resources: dict[str, Any] = {}
    earlier = _Earlier(draw=draw, there={}, resources=resources)
    chosen = draw(st.sets(st.sampled_from([kind + letter for kind in KINDS for letter in LETTERS]), min_size=1))
    if any(name.startswith("Function") for name in chosen):
        chosen.add("RoleA")
    for kind, type_name in KINDS.items():
        for name in (kind + letter for letter in LETTERS):
            if name not in chosen:
                continue
            always = name == "RoleA"  # which functions need
            condition = None if always else draw(st.sampled_from([None, None, "IsOne", "IsTwo"]))
            resource = {"Type": type_name, "Properties": _PROPERTIES[kind](earlier)}
            if condition is not None:
                resource["Condition"] = condition
            if earlier.there and draw(st.booleans()):
                resource["DependsOn"] = draw(st.sampled_from(list(earlier.there)))
            resources[name] = resource
            earlier.there[name] = condition
    return {
        "Parameters": {"Mode": {"Type": "String", "Default": draw(st.sampled_from(["one", "two"]))}},
        "Conditions": {
            "IsOne": {"Fn::Equals": [{"Ref": "Mode"}, "one"]},
            "IsTwo": {"Fn::Not": [{"Condition": "IsOne"}]},
        },
        "Resources": resources,
        "Outputs": _outputs(earlier),
    }


def enabled(template: Template) -> set[str]:
    """The logical ids of the resources that exist."""
    mode = template["Parameters"]["Mode"]["Default"]
    there = {"one": "IsOne", "two": "IsTwo"}[mode]
    return {name for name, item in template["Resources"].items() if item.get("Condition") in (None, there)}


def _outputs(earlier: _Earlier) -> dict[str, Any]:
    outputs = {}
    for name, condition in earlier.there.items():
        if earlier.draw(st.booleans()):
            outputs[f"Of{name}"] = {"Value": {"Ref": name}, **({} if condition is None else {"Condition": condition})}
    return outputs


def _queue(earlier: _Earlier) -> dict[str, Any]:
    draw = earlier.draw
    properties: dict[str, Any] = {
        "DelaySeconds": draw(st.integers(0, 900)),
        "VisibilityTimeout": draw(st.one_of(st.integers(0, 43_200), st.integers(0, 900).map(str))),
        "Tags": draw(_TAGS),
    }
    if draw(st.booleans()):
        properties["FifoQueue"] = True
        properties["ContentBasedDeduplication"] = draw(st.booleans())
    elif (letters := earlier.one("Queue")) and earlier.there[letters] is None and draw(st.booleans()):
        properties["Tags"] = [*properties["Tags"], {"Key": "after", "Value": earlier.value(letters, "QueueName", "")}]
    return properties


def _log_group(earlier: _Earlier) -> dict[str, Any]:
    days = earlier.draw(st.sampled_from([None, 1, 7, 365]))
    return {} if days is None else {"RetentionInDays": days}


def _table(earlier: _Earlier) -> dict[str, Any]:
    draw = earlier.draw
    key = draw(st.sampled_from(["id", "pk"]))
    properties: dict[str, Any] = {
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": draw(st.sampled_from("SN"))}],
        "BillingMode": "PAY_PER_REQUEST",
        "Tags": draw(_TAGS),
    }
    if draw(st.booleans()):
        properties["StreamSpecification"] = {"StreamViewType": draw(st.sampled_from(["NEW_IMAGE", "KEYS_ONLY"]))}
    if draw(st.booleans()):
        properties["TimeToLiveSpecification"] = {"AttributeName": "ttl", "Enabled": True}
    return properties


def _bucket(earlier: _Earlier) -> dict[str, Any]:
    draw = earlier.draw
    properties: dict[str, Any] = {"Tags": draw(_TAGS)}
    if draw(st.booleans()):
        properties["VersioningConfiguration"] = {"Status": draw(st.sampled_from(["Enabled", "Suspended"]))}
    if draw(st.booleans()):
        properties["PublicAccessBlockConfiguration"] = {"BlockPublicAcls": draw(st.booleans())}
    return properties


def _topic(earlier: _Earlier) -> dict[str, Any]:
    properties: dict[str, Any] = {"DisplayName": earlier.draw(_TEXTS)}
    target = earlier.target("Queue")
    if target is not None and earlier.draw(st.booleans()):
        properties["Subscription"] = [{"Protocol": "sqs", "Endpoint": target}]
    return properties


def _setting(earlier: _Earlier) -> dict[str, Any]:
    source = earlier.one("Queue", "Table", "Bucket", "Topic", "Setting")
    value: Any = earlier.draw(_TEXTS)
    if source is not None and earlier.draw(st.booleans()):
        value = {"Fn::Join": ["/", [value, earlier.value(source, "Ref", "none")]]}
    return {"Type": "String", "Value": value, "Description": earlier.draw(_TEXTS)}


def _role(earlier: _Earlier) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    properties: dict[str, Any] = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Description": earlier.draw(_TEXTS),
    }
    target = earlier.one("Table", "Queue", "Bucket")
    if target is not None and earlier.draw(st.booleans()):
        statement = {"Effect": "Allow", "Action": "*", "Resource": earlier.value(target, "Arn", "*")}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": document}]
    return properties


def _function(earlier: _Earlier) -> dict[str, Any]:
    draw = earlier.draw
    number = draw(st.integers(0, 2))
    variables = {"NUMBER": draw(_TEXTS)}
    source = earlier.one("Table", "Queue", "Setting", "Topic")
    if source is not None:
        variables["SOURCE"] = earlier.value(source, "Ref", "none")
    properties: dict[str, Any] = {
        "Code": {"ZipFile": f"def handler(event, context): return {number}"},
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "Role": {"Fn::GetAtt": ["RoleA", "Arn"]},
        "MemorySize": draw(st.sampled_from([128, 256, 512])),
        "Environment": {"Variables": variables},
    }
    group = earlier.one("Groups")
    if group is not None and earlier.there[group] is None:
        properties["LoggingConfig"] = {"LogGroup": {"Ref": group}}
    return properties


def _rule(earlier: _Earlier) -> dict[str, Any]:
    draw = earlier.draw
    properties: dict[str, Any] = {"State": draw(st.sampled_from(["ENABLED", "DISABLED"]))}
    if draw(st.booleans()):
        properties["EventPattern"] = {"source": [draw(_TEXTS)]}
    else:
        properties["ScheduleExpression"] = f"rate({draw(st.integers(2, 9))} days)"
    target = earlier.target("Queue", "Function")
    if target is not None:
        properties["Targets"] = [{"Id": "one", "Arn": target}]
    return properties


_PROPERTIES: Mapping[str, Callable[[_Earlier], dict[str, Any]]] = {
    "Queue": _queue,
    "Groups": _log_group,
    "Table": _table,
    "Bucket": _bucket,
    "Topic": _topic,
    "Setting": _setting,
    "Role": _role,
    "Function": _function,
    "Rule": _rule,
}
