"""What a decision of IAM costs: `python -m tests.benchmarks.iam_decisions`.

A role with twenty policies of typical size asks for what the last one allows, for what none allows, and under a
condition; beside it stand policies made to be slow. Policies are compiled beforehand, as they are for a role.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table

from lambdakit.harness.iam.authorization import Authorization
from lambdakit.harness.iam.evaluate import decide
from lambdakit.harness.iam.policy_document import NamedPolicy, Policies, parse_policy
from lambdakit.harness.iam.principal import Principal

_ACCOUNT: Final = "123456789012"
_ROLE: Final = Principal(
    kind="role",
    account_id=_ACCOUNT,
    arn=f"arn:aws:iam::{_ACCOUNT}:role/worker",
    caller_arn=f"arn:aws:sts::{_ACCOUNT}:assumed-role/worker/worker",
    user_id="AROAEXAMPLE1234567:worker",
    tags={"team": "orders"},
)
_POLICIES: Final = 20


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=20_000)
    decisions = parser.parse_args().decisions
    table = Table(title=f"one decision with {_POLICIES} policies, microseconds", title_justify="left")
    for heading in ("", "p50", "p99", "allowed"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, (policies, wanted) in _cases().items():
        seconds, allowed = _measured(policies, wanted, decisions=decisions)
        p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
        table.add_row(name, f"{p50 * 1e6:.1f}", f"{p99 * 1e6:.1f}", "yes" if allowed else "no")
    Console().print(table)


def _cases() -> Mapping[str, tuple[Policies, Authorization]]:
    typical = Policies(identity=tuple(_typical(number) for number in range(_POLICIES)))
    table = f"arn:aws:dynamodb:us-east-1:{_ACCOUNT}:table/orders-{_POLICIES - 1}"
    read = Authorization(action="dynamodb:GetItem", resources=(table,))
    slow = Policies(identity=tuple(_adversarial() for _ in range(_POLICIES)))
    return {
        "the last policy allows it": (typical, read),
        "none allows it": (typical, Authorization(action="dynamodb:GetItem", resources=(f"{table}-other",))),
        "none is about the action": (typical, Authorization(action="kinesis:PutRecord", resources=(table,))),
        "conditions and variables": (
            typical,
            Authorization(
                action="s3:PutObject",
                resources=("arn:aws:s3:::uploads/orders/a.csv",),
                context={"aws:sourceip": ("10.0.0.7",), "aws:securetransport": ("true",)},
            ),
        ),
        "6,000 characters and 500 wildcards each": (
            slow,
            Authorization(action="s3:GetObject", resources=("arn:aws:s3:::" + "a" * 1024,)),
        ),
    }


def _typical(number: int) -> NamedPolicy:
    """What the CDK writes for a function: a table, a queue, logs, a bucket under a condition."""
    actions = [f"dynamodb:{name}Item" for name in ("Get", "BatchGet", "Put", "Update", "Delete", "BatchWrite")]
    table = f"arn:aws:dynamodb:us-east-1:{_ACCOUNT}:table/orders-{number}"
    statements = [
        {"Effect": "Allow", "Action": [*actions, "dynamodb:Query"], "Resource": [table, f"{table}/index/*"]},
        {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": "arn:aws:sqs:*:*:jobs"},
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "arn:aws:logs:*:*:*"},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject*", "s3:PutObject*"],
            "Resource": f"arn:aws:s3:::uploads/${{aws:PrincipalTag/team}}/{'*' if number == _POLICIES - 1 else number}",
            "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "Bool": {"aws:SecureTransport": "true"}},
        },
        {"Effect": "Deny", "Action": "dynamodb:DeleteTable", "Resource": "*"},
    ]
    document = parse_policy({"Version": "2012-10-17", "Statement": statements})
    return NamedPolicy(name=f"policy-{number}", document=document)


def _adversarial() -> NamedPolicy:
    resources = [f"arn:aws:s3:::{'*a?' * 12}{'a' * 100}*b{number}" for number in range(42)]
    text = json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": resources}]})
    return NamedPolicy(name="slow", document=parse_policy(text))


def _measured(policies: Policies, wanted: Authorization, *, decisions: int) -> tuple[list[float], bool]:
    """The seconds of each decision, without the first, and what was decided."""
    resource = wanted.resources[0]
    allowed = decide(_ROLE, wanted, resource, policies=policies).allowed
    seconds = []
    for _ in range(decisions):
        before = time.perf_counter()
        decide(_ROLE, wanted, resource, policies=policies)
        seconds.append(time.perf_counter() - before)
    return seconds, allowed


if __name__ == "__main__":
    main()
