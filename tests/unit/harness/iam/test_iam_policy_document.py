"""What can be read as a policy, and that whatever cannot is refused and breaks nothing."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdakit.harness.iam.authorization import Authorization, Decision, Reason
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import MalformedPolicy, NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.policy_grammar import check_identity_policy, check_resource_policy, check_trust_policy
from tests.fakes.iam_decisions import OBJECT, ROLE, USER, allow, deny

_SYNTAX = "Syntax errors in policy."
_ELEMENTS = st.sampled_from(
    (
        *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction"),
        *("Resource", "NotResource", "Condition", "AWS", "Service", "StringLike", "ForAllValues:Null", "aws:username"),
    )
)
_TEXTS = st.sampled_from(
    ["Allow", "Deny", "*", "s3:*", "2012-10-17", "arn:aws:s3:::a/*", "${aws:username}", "${", "\0", "123456789012", ""]
)
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _TEXTS,
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(_ELEMENTS | st.text(max_size=3), children, max_size=6)
    ),
    max_leaves=25,
)
_STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"]), "Action": _VALUES},
    optional={"Resource": _VALUES, "Principal": _VALUES, "Condition": _VALUES, "Sid": _VALUES, "NotPrincipal": _VALUES},
)


def _decide(document: object, action: str = "s3:GetObject") -> Decision:
    policy = NamedPolicy(name="inline", document=parse_policy(json.dumps(document)))
    return decide(ROLE, Authorization(action=action), OBJECT, policies=Policies(identity=(policy,)))


def _message(document: Any) -> str:
    with pytest.raises(MalformedPolicy) as caught:
        parse_policy(document)
    return caught.value.message


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"Statement": allow()}, id="statement alone"),
        pytest.param({"Statement": [allow()]}, id="list of one"),
        pytest.param({"Version": "2012-10-17", "Id": "x", "Statement": [allow(Sid="a b")]}, id="everything"),
        pytest.param({"Statement": [allow(["s3:*"], ["*"])]}, id="values in lists"),
        pytest.param({"Statement": [allow(Condition={})]}, id="empty condition"),
        pytest.param({"Statement": [allow(Condition={"stringlike": {"aws:userid": "*"}})]}, id="operator without case"),
        pytest.param({"Statement": [allow(Condition={"Bool": {"aws:PrincipalIsAWSService": False}})]}, id="boolean"),
    ],
)
def test_policy_is_read(document: object) -> None:
    assert _decide(document).allowed


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param("", _SYNTAX, id="empty"),
        pytest.param("{", _SYNTAX, id="no JSON"),
        pytest.param('{"Statement": NaN}', _SYNTAX, id="no number"),
        pytest.param('"text"', _SYNTAX, id="a text"),
        pytest.param("[]", _SYNTAX, id="a list"),
        pytest.param("[" * 100_000, _SYNTAX, id="deep lists"),
        pytest.param('{"a":' * 20_000, _SYNTAX, id="deep objects"),
        pytest.param('{"Statement": ' + "[" * 9_000 + "]" * 9_000 + "}", _SYNTAX, id="deep statement"),
        pytest.param('{"Statement": [' + "1" * 5_000 + "]}", _SYNTAX, id="a number of 5,000 digits"),
        pytest.param(" " * 131_073, _SYNTAX, id="too long"),
        pytest.param({}, _SYNTAX, id="no statement"),
        pytest.param({"Statement": [allow()], "Other": 1}, _SYNTAX, id="unknown element"),
        pytest.param({1: 2}, _SYNTAX, id="name that is no text"),
        pytest.param({"Statement": [[]]}, _SYNTAX, id="statement that is a list"),
        pytest.param({"Statement": [None]}, _SYNTAX, id="statement that is null"),
        pytest.param(
            {"Version": "2012-10-18", "Statement": []}, "The policy must contain a valid version string", id="version"
        ),
        pytest.param(
            {"Version": [], "Statement": []}, "The policy must contain a valid version string", id="version in a list"
        ),
        pytest.param({"Statement": [{"Action": "*"}]}, "Missing required field Effect", id="no effect"),
        pytest.param({"Statement": [{**allow(), "Effect": "allow"}]}, _SYNTAX, id="effect in lower case"),
        pytest.param({"Statement": [{**allow(), "Effect": ["Allow"]}]}, _SYNTAX, id="effect in a list"),
        pytest.param({"Statement": [{"Effect": "Allow"}]}, "Policy statement must contain actions.", id="no action"),
        pytest.param({"Statement": [allow([])]}, _SYNTAX, id="empty list of actions"),
        pytest.param({"Statement": [allow([1])]}, _SYNTAX, id="action that is a number"),
        pytest.param({"Statement": [allow(NotAction="s3:*")]}, _SYNTAX, id="Action and NotAction"),
        pytest.param({"Statement": [allow(NotResource="*")]}, _SYNTAX, id="Resource and NotResource"),
        pytest.param({"Statement": [allow(Principal="*", NotPrincipal="*")]}, _SYNTAX, id="two principals"),
        pytest.param({"Statement": [allow(resources=[])]}, _SYNTAX, id="empty list of resources"),
        pytest.param({"Statement": [allow(resources={})]}, _SYNTAX, id="resource that is an object"),
        pytest.param({"Statement": [allow(resources="a\0b")]}, _SYNTAX, id="control character"),
        pytest.param({"Statement": [allow(Sid=1)]}, _SYNTAX, id="sid that is a number"),
        pytest.param({"Statement": [allow(Effects="Allow")]}, _SYNTAX, id="unknown element of a statement"),
        pytest.param({"Statement": [allow(Principal="me")]}, "Invalid principal in policy", id="principal's text"),
        pytest.param({"Statement": [allow(Principal={})]}, "Invalid principal in policy", id="empty principal"),
        pytest.param({"Statement": [allow(Principal={"Aws": "*"})]}, "Invalid principal in policy", id="its kind"),
        pytest.param({"Statement": [allow(Principal={"AWS": []})]}, _SYNTAX, id="no principals"),
        pytest.param({"Statement": [allow(Principal={"AWS": 1})]}, _SYNTAX, id="principal that is a number"),
        pytest.param({"Statement": [allow(Condition=[])]}, _SYNTAX, id="condition in a list"),
        pytest.param({"Statement": [allow(Condition={"StringIs": {}})]}, None, id="unknown operator without keys"),
        pytest.param({"Statement": [allow(Condition={"StringIs": {"a:b": "c"}})]}, _SYNTAX, id="unknown operator"),
        pytest.param({"Statement": [allow(Condition={"NullIfExists": {"a:b": "true"}})]}, _SYNTAX, id="NullIfExists"),
        pytest.param({"Statement": [allow(Condition={"ForAllValues:Null": {"a:b": "true"}})]}, _SYNTAX, id="Null set"),
        pytest.param({"Statement": [allow(Condition={"ForNoValue:Bool": {"a:b": "true"}})]}, _SYNTAX, id="unknown set"),
        pytest.param({"Statement": [allow(Condition={"IfExists": {"a:b": "true"}})]}, _SYNTAX, id="no operator"),
        pytest.param({"Statement": [allow(Condition={"Bool": "true"})]}, _SYNTAX, id="operator without keys"),
        pytest.param({"Statement": [allow(Condition={"Bool": {"a:b": {}}})]}, _SYNTAX, id="value that is an object"),
        pytest.param({"Statement": [allow(Condition={"Bool": {"a:b": None}})]}, _SYNTAX, id="value that is null"),
        pytest.param(
            '{"Statement": [{"Effect": "Allow", "Effect": "Deny", "Action": "*"}]}',
            "Statement/policy already has instance of Effect",
            id="an element twice",
        ),
        pytest.param('{"Statement": [{"a:b": "Allow", "a:b": "Deny"}]}', _SYNTAX, id="a key twice"),
    ],
)
def test_malformed_policy_is_refused(document: Any, message: str | None) -> None:
    if message is None:
        parse_policy(document)
        return

    assert _message(document) == message


def test_message_names_the_policy() -> None:
    with pytest.raises(MalformedPolicy, match=r"^reader: Syntax errors in policy\.$"):
        parse_policy("{", name="reader")


def test_number_of_any_size_is_refused() -> None:
    assert _message({"Statement": [allow(Condition={"Bool": {"a:b": 10**5000}})]}) == _SYNTAX


@given(document=_VALUES | st.fixed_dictionaries({"Statement": st.lists(_STATEMENTS, max_size=3) | _VALUES}))
def test_whatever_is_given_is_read_or_refused(document: Any) -> None:
    for check in (parse_policy, check_identity_policy, check_trust_policy, check_resource_policy):
        for given_as in (document, json.dumps(document)):
            try:
                check(given_as)
            except MalformedPolicy as error:
                assert error.message


@given(statement=_STATEMENTS)
def test_whatever_was_read_decides(statement: Any) -> None:
    try:
        document = parse_policy({"Version": "2012-10-17", "Statement": [statement]})
    except MalformedPolicy:
        return
    policy = NamedPolicy(name="any", document=document)

    for who in (ROLE, USER):
        decision = decide(
            who,
            Authorization(action="s3:GetObject"),
            OBJECT,
            policies=Policies(identity=(policy,)),
            resource_policy=policy,
        )
        assert isinstance(decision, Decision)


def test_decision_names_policy_and_statement() -> None:
    statements = [allow("s3:Put*", Sid="Write"), allow("s3:Get*", Sid="Read"), deny("s3:Delete*", Sid="Keep")]
    policy = {"Version": "2012-10-17", "Statement": statements}

    read, delete, other = (_decide(policy, action) for action in ("s3:GetObject", "s3:DeleteObject", "sqs:SendMessage"))

    assert (read.policy, read.sid, read.action, read.resource) == ("inline", "Read", "s3:GetObject", OBJECT)
    assert (delete.policy, delete.sid, delete.reason) == ("inline", "Keep", Reason.EXPLICIT_DENY_IDENTITY)
    assert (other.policy, other.sid, other.reason) == ("", "", Reason.NO_IDENTITY_POLICY)


def test_value_of_a_variable_never_becomes_a_wildcard() -> None:
    statement = allow("s3:*", "arn:aws:s3:::${s3:prefix}")
    policy = NamedPolicy(name="home", document=parse_policy({"Version": "2012-10-17", "Statement": [statement]}))
    wanted = Authorization(action="s3:GetObject", context={"s3:prefix": ("\0",)})

    decision = decide(ROLE, wanted, OBJECT, policies=Policies(identity=(policy,)))

    assert not decision.allowed


def test_time_is_real_unless_given() -> None:
    recent = {"DateGreaterThan": {"aws:CurrentTime": "2024-01-01"}, "NumericGreaterThan": {"aws:EpochTime": 1704067200}}

    assert _decide({"Statement": [allow(Condition=recent)]}).allowed


def test_large_policy_of_wildcards_decides_in_bounded_time() -> None:
    resources = [f"arn:aws:s3:::{'*a' * 60}*b{number}" for number in range(40)]
    actions = [f"s3:{'*e' * 5}{number}*" for number in range(40)]
    text = json.dumps({"Statement": [allow([*actions, "s3:*"], resources)]})
    assert text.count("*") > 500 and len(text) > 6_000
    policy = NamedPolicy(name="large", document=parse_policy(text))
    wanted = Authorization(action="s3:GetObject")
    before = time.process_time()

    decision = decide(ROLE, wanted, f"arn:aws:s3:::{'a' * 1024}", policies=Policies(identity=(policy,)))

    assert not decision.allowed
    assert time.process_time() - before < 0.5


def test_more_actions_than_are_remembered_are_decided() -> None:
    document = parse_policy({"Statement": [allow("s3:*9")]})

    found = [len(document.about(f"s3:{number}").allowing) for number in range(5_000)]

    assert sum(found) == 500
