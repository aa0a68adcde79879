"""What moto remembers of its own names is what it would work out."""

from __future__ import annotations

import subprocess
import sys

CODE = """
from lambdakit.harness.moto_state.memos import keep_names
keep_names()
from moto.core import responses, utils
from moto.sqs.responses import SQSResponse
before = [name.__wrapped__ for name in (utils.camelcase_to_underscores, utils.method_names_from_class)]
for text in ("SendMessage", "CreateDBInstance", "ListObjectsV2", "x"):
    for _ in range(2):
        assert utils.camelcase_to_underscores(text) == before[0](text)
for _ in range(2):
    assert sorted(utils.method_names_from_class(SQSResponse)) == sorted(before[1](SQSResponse))
assert responses.camelcase_to_underscores is utils.camelcase_to_underscores
"""


def test_names_are_the_same_the_second_time() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
