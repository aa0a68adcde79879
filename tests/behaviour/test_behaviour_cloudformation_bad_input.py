"""The CloudFormation API: whatever is sent is answered with one error of AWS's form, and nothing comes of it.

Source: AWS CloudFormation API Reference, "Common Errors"; CloudFormation User Guide, "CloudFormation quotas".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from tests.fakes.cloudformation import CloudFormation, queue, queues
from tests.fakes.wired_harness import WiredHarness

pytestmark = pytest.mark.xdist_group("behaviour-cloudformation-bad-input")

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def cloudformation(harness: WiredHarness) -> Iterator[CloudFormation]:
    cloudformation = CloudFormation(harness, "bad")
    before = len(cloudformation.client.list_stacks()["StackSummaries"])
    yield cloudformation
    made = [stack["StackName"] for stack in cloudformation.client.describe_stacks()["Stacks"]]
    cloudformation.clean()
    assert made == []
    assert len(cloudformation.client.list_stacks()["StackSummaries"]) == before
    assert cloudformation.queue_names() == set()


def _of(resources: Any, **more: Any) -> str:
    return json.dumps({"Resources": resources, **more})


TEMPLATES = {
    "empty": ("- 1", "unsupported structure."),
    "scalar": ("just text", "unsupported structure."),
    "truncated JSON": ('{"Resources": {', "JSON not well-formed."),
    "truncated YAML": ("Resources: {A: [", "YAML not well-formed."),
    "nested too deeply": ("[" * 5000, "nested too deeply"),
    "nested too deeply in JSON": ('{"Resources":' * 3000, "JSON not well-formed."),
    "YAML bomb": (BOMB, "YAML aliases are not allowed in CloudFormation templates"),
    "Python in YAML": ("Resources: !!python/object/apply:os.system ['true']", "YAML not well-formed."),
    "no resources": ("{}", "At least one Resources member must be defined."),
    "empty resources": (_of({}), "At least one Resources member must be defined."),
    "resources are a list": (_of([]), "Resources"),
    "unknown section": (_of({"A": queue()}, Resource={}), '"Resource" is not a section of a template'),
    "resource without a type": (_of({"A": {}}), "this resource has no Type"),
    "resource that is a text": (_of({"A": "x"}), "Resources.A"),
    "logical id": (_of({"../../etc/passwd": queue()}), "is not a name of 1 to 255 letters and digits"),
    "unknown type": (_of({"A": {"Type": "AWS::No::Thing"}}), "Unrecognized resource types: [AWS::No::Thing]"),
    "unknown property": (_of({"A": queue(QueuName="x")}), "QueuName"),
    "unknown function": (_of({"A": queue(QueueName={"Fn::Nonsense": "x"})}), "Fn::Nonsense"),
    "unknown reference": (_of({"A": queue(QueueName={"Ref": "B"})}), '"B"'),
    "unknown condition": (_of({"A": {**queue(), "Condition": "C"}}), 'there is no condition "C"'),
    "circle": (
        _of({"A": queue(QueueName={"Ref": "B"}), "B": queue(QueueName={"Ref": "A"})}),
        "A -> B -> A",
    ),
    "circle with itself": (_of({"A": queue(QueueName={"Ref": "A"})}), "A -> A"),
    "too many resources": (
        _of({f"Q{number}": {"Type": "X"} for number in range(501)}),
        "greater than maximum allowed, 500",
    ),
    "a macro": (_of({"A": queue()}, Transform="Mine"), "Mine"),
    "control characters": (_of({"A": queue()}, Outputs={"O": {"Value": {"Fn::No\x01\x02": "\x00"}}}), "Fn::No"),
    "policy": (_of({"A": {**queue(), "DeletionPolicy": "Keep"}}), "DeletionPolicy"),
}


@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_that_is_none(cloudformation: CloudFormation, case: str) -> None:
    body, expected = TEMPLATES[case]
    capabilities = ["CAPABILITY_AUTO_EXPAND"]

    code, message = cloudformation.refusal(
        "create_stack", StackName="bad", TemplateBody=body, Capabilities=capabilities
    )

    assert code == "ValidationError"
    assert expected in message
    again = cloudformation.refusal(
        "create_change_set", StackName="bad", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body
    )
    assert again == (code, message)


def test_a_template_that_is_too_large(cloudformation: CloudFormation) -> None:
    body = _of({"A": queue()}, Description="x" * 10_000_000)

    code, message = cloudformation.refusal("create_stack", StackName="bad", TemplateBody=body)

    assert code == "ValidationError"
    assert (
        "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200" in message
    )
    assert len(message) < 500
    s3 = cloudformation.harness.aws("s3")
    s3.create_bucket(Bucket="bad-templates")
    s3.put_object(Bucket="bad-templates", Key="t.json", Body=body.encode())
    s3.put_object(Bucket="bad-templates", Key="b.json", Body=b"\xff\xfe\xff")
    for key, problem in (("t.json", "may not exceed 1048576 bytes"), ("b.json", "not UTF-8"), ("no.json", "S3 error")):
        url = f"https://bad-templates.s3.amazonaws.com/{key}"
        code, message = cloudformation.refusal("create_stack", StackName="bad", TemplateURL=url)
        assert (code, problem in message) == ("ValidationError", True), message


@pytest.mark.parametrize("name", ["", "1a", "a_b", "a/../b", "ä", "a b", "a" * 129, "-a"])
def test_a_name_that_is_none(cloudformation: CloudFormation, name: str) -> None:
    refused = request(cloudformation, Action="CreateStack", StackName=name, TemplateBody=json.dumps(queues("A")))

    assert refused[:2] == (400, "ValidationError")
    assert "'stackName' failed to satisfy constraint" in refused[2]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "https://example.com/template.json",
        "http://169.254.169.254/latest/meta-data",
        "https://s3.amazonaws.com/../../etc/passwd",
        "https://s3.amazonaws.com/no-such-bucket-here/t.json",
        "https://s3.amazonaws.com/a$b/t.json",
        "x",
    ],
)
def test_a_url_that_leads_nowhere(cloudformation: CloudFormation, url: str) -> None:
    code, message = cloudformation.refusal("create_stack", StackName="bad", TemplateURL=url)

    assert code == "ValidationError"
    assert "TemplateURL must be a supported URL" in message or "S3 error" in message


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"Action": "CreateStack"}, "ValidationError"),
        ({"Action": "Nonsense"}, "InvalidAction"),
        ({}, "InvalidAction"),
        ({"Action": "DetectStackDrift", "StackName": "x"}, "NotImplemented"),
        ({"Action": "DescribeStacks", "StackName": "nobody"}, "ValidationError"),
        ({"Action": "CreateStack", "StackName": "bad"}, "ValidationError"),
        ({"Action": "CreateStack", "StackName": "bad", "DisableRollback": "maybe"}, "ValidationError"),
        (
            {"Action": "CreateStack", "StackName": "bad", "Parameters.member.x": "y", "TemplateBody": "{}"},
            "ValidationError",
        ),
        ({"Action": "UpdateStack", "StackName": "nobody", "UsePreviousTemplate": "true"}, "ValidationError"),
        ({"Action": "DescribeStackResources"}, "ValidationError"),
        ({"Action": "ExecuteChangeSet", "ChangeSetName": "arn:aws:nobody"}, "ChangeSetNotFound"),
    ],
    ids=str,
)
def test_a_form_that_does_not_fit(cloudformation: CloudFormation, form: dict[str, str], code: str) -> None:
    status, told, message = request(cloudformation, **form)

    assert (status in (400, 404), told) == (True, code)
    assert message


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"Action=" + b"%" * 1000, b"&" * 5000, b"{}"])
def test_a_body_that_is_no_form(cloudformation: CloudFormation, body: bytes) -> None:
    status, code, _ = send(cloudformation, body)

    assert (status, code) == (400, "InvalidAction")


def request(cloudformation: CloudFormation, **form: str) -> tuple[int, str, str]:
    """What a form is answered with, as no SDK would send it."""
    return send(cloudformation, urlencode(form).encode())


def send(cloudformation: CloudFormation, body: bytes) -> tuple[int, str, str]:
    """Status, code and message of the answer to a body."""
    scope = "20260101/us-east-1/cloudformation/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential=ADMINISTRATOR/{scope}, SignedHeaders=host, Signature=0",
        "content-type": "application/x-www-form-urlencoded",
    }
    answer = cloudformation.harness.request("POST", "/", headers, body)
    error = ElementTree.fromstring(answer.body)
    space = "{http://cloudformation.amazonaws.com/doc/2010-05-15/}"
    code, message = (error.findtext(f"{space}Error/{space}{name}") or "" for name in ("Code", "Message"))
    return answer.status, code, message
