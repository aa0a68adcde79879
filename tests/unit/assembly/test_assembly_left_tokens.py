"""Tokens of the CDK that a synthesis left in a template.

Source: aws-cdk-lib 2.275, core/lib/private/encoding.ts.
"""

from __future__ import annotations

import pytest

from lambdakit.assembly.template import parse_template
from lambdakit.errors import AssemblyError


def _template(value: object) -> dict[str, object]:
    return {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "k", "Value": value}]}}}}


@pytest.mark.parametrize(
    ("value", "token"),
    [
        ('{"arn": "${Token[TOKEN.123]}"}', "${Token[TOKEN.123]}"),
        ("${Token[AWS.AccountId.4]}-x", "${Token[AWS.AccountId.4]}"),
        (["#{Token[Shop-Zones.7]}"], "#{Token[Shop-Zones.7]}"),
        (-1.8881545897087626e289, "-1.8881545897087626e+289"),
    ],
    ids=["in a text", "pseudo parameter", "list", "number"],
)
def test_a_token_is_refused_where_it_stands(value: object, token: str) -> None:
    with pytest.raises(AssemblyError) as refused:
        parse_template(_template(value), path="t.json")

    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.problem == f"the token {token} of the CDK was not resolved"
    element = "[0]" if isinstance(value, list) else ""
    assert diagnostic.pointer == f"Resources.Q.Properties.Tags[0].Value{element}"
    assert diagnostic.hint


def test_all_of_them_at_once_and_those_of_outputs() -> None:
    template = {**_template("${Token[A.1]}"), "Outputs": {"Out": {"Value": "${Token[B.2]}"}}}

    with pytest.raises(AssemblyError) as refused:
        parse_template(template, path="t.json")

    assert [item.pointer for item in refused.value.diagnostics] == [
        "Resources.Q.Properties.Tags[0].Value",
        "Outputs.Out.Value",
    ]


@pytest.mark.parametrize(
    "value",
    ["`${Token[index]}`", "${Token[TOKEN.123]", "${AWS::Region}", "{Token[TOKEN.1]}", -1.5, -1e300],
    ids=["code", "not closed", "variable", "no sign", "number", "far below"],
)
def test_what_only_looks_like_one_stays(value: object) -> None:
    properties = parse_template(_template(value), path="t.json").resources["Q"].properties

    assert properties == {"Tags": [{"Key": "k", "Value": value}]}


def test_what_is_not_deployed_may_hold_one() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Metadata": {"note": "${Token[TOKEN.123]}"}}

    assert parse_template({"Resources": {"Q": queue}, "Metadata": {"n": "${Token[A.1]}"}}, path="t.json").resources
