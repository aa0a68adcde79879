"""Whatever the bytes, a document loads or is refused with diagnostics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lambdakit.errors import DocumentError
from lambdakit.spec.codes import CODES
from lambdakit.spec.document import load
from lambdakit.spec.excerpt import excerpt

VALID = b"""\
application: shop
include: [part.yaml]
parameters: {Stage: {default: dev, allowed_values: [dev, prod]}, Size: {type: Number, max_value: 512, default: 5}}
context: {mine: [1]}
environments:
  staging: {account: "111122223333", region: eu-west-1, defaults: {timeout: none, environment: {LEVEL: "${Stage}"}}}
  production: {patterns: {orders: {table: {sort_key: none}, routes: {POST /orders: {timeout: 9s}}}, jobs: none}}
defaults: {runtime: python3.13, memory_size: 1 GiB, timeout: 10s, environment: &env {LEVEL: "INFO"}}
layers: {shared: {code: functions/orders}}
functions:
  reserve:
    {code: functions/orders, handler: app.read, grants: {thumbnails: invoke},
     initial_policy: [{actions: ["a:B"], resources: ["*"]}]}
patterns:
  orders:
    kind: api_backend
    api: {type: http, cors: {allow_origins: ["*"], allow_methods: [GET], max_age: 1h}}
    table: {partition_key: {name: id, type: number}, sort_key: at, removal_policy: destroy}
    routes:
      POST /orders: {name: create, code: functions/orders, handler: app.create, table_access: read_write}
      GET /orders/{id}: {code: functions/orders, handler: app.read, environment: {<<: *env, OTHER: x}, layers: [shared]}
      $default: {function: create}
  thumbnails:
    kind: event_processing
    source: {kind: s3, events: [object_created], prefix: incoming/}
    function: {code: functions/orders, handler: app.read, timeout: 5s}
    targets: {processed: {kind: s3}, items: {kind: dynamodb, partition_key: id}}
    on_failure: {kind: sqs, retention_period: 14d}
  jobs:
    kind: event_processing
    source: {kind: sqs, batch_size: 20, max_batching_window: 5s, visibility_timeout: 1m, filters: [{body: {a: [1]}}]}
    function: {code: functions/orders, handler: app.read}
    overrides: {Function: {MemorySize: !Ref Size}, Function/Role: {Path: !Sub "/${AWS::StackName}/"}}
conditions: {IsLarge: !Equals [!Ref Size, 1024]}
outputs: {Url: {value: !GetAtt Jobs.QueueUrl, condition: IsLarge}}
cloudformation:
  Jobs: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !If [IsLarge, 5, !Ref AWS::NoValue]}, DependsOn: create}
"""
PIECES = [
    *(b"{ } [ ] : , - ? | > ! & * # % @ ` ' \" \\ << ~ null true yes .nan 1e999 0x1f -1 !!str !x &a *a ---".split()),
    *(
        b"\n",
        b"\t",
        b"  ",
        b": ",
        b"- ",
        b"\r",
        b"\x00",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xc2\x85",
    ),
    *(
        b'"\\ud800"',
        b'"\\UFFFFFFFF"',
        b"%YAML 1.1\n---\n",
        b"!!binary aa",
        b"|99",
        b"[" * 70,
        b"9" * 5_000,
        b"2001-01-01",
    ),
    *(
        b"!Ref ",
        b"!GetAtt a.b",
        b"!Join [",
        b"Fn::Sub: ",
        b"overrides",
        b"cloudformation",
        b"application",
        b"patterns",
        b"kind",
        b"routes",
        b"function",
        b"[key]",
        b"own",
        b"shared",
        b"name: ",
        b"event_processing",
        b"kind: ",
        b"schedule",
        b"step_functions",
        b"functions",
        b"grants: ",
        b"reserve",
        b"invoke",
        b"environments",
        b"include: [lambdakit.yaml]",
        b"none",
        b"${Stage}",
    ),
]


@st.composite
def _mutated(draw: st.DrawFn) -> bytes:
    content = bytearray(VALID)
    for _ in range(draw(st.integers(1, 5))):
        begin = draw(st.integers(0, len(content)))
        end = min(len(content), begin + draw(st.integers(0, 12)))
        content[begin:end] = draw(
            st.sampled_from(PIECES) | st.binary(max_size=4) | st.just(bytes(content[end : end + 40]))
        )
    return bytes(content)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("project")
    (directory / "functions" / "orders").mkdir(parents=True)
    (directory / "functions" / "orders" / "app.py").touch()
    (directory / "part.yaml").write_text("patterns: {orders: {acknowledge: {W3005: as it is meant to be}}}\n")
    return directory


def _check(project: Path, content: bytes) -> None:
    path = project / "lambdakit.yaml"
    path.write_bytes(content)
    try:
        load(path)
    except DocumentError as error:
        text = str(error)
        text.encode()
        assert error.diagnostics
        assert not re.search("(?i)input should|pydantic|ruamel", text)
        for diagnostic in error.diagnostics:
            assert diagnostic.code in CODES
            excerpt(diagnostic)


def test_the_document_that_is_mutated_is_valid(project: Path) -> None:
    (project / "lambdakit.yaml").write_bytes(VALID)

    load(project / "lambdakit.yaml")


@given(_mutated())
@example(VALID.replace(b"LEVEL: ", b"'[key]': "))
@example(VALID.replace(b"{code: functions/orders}", b"{'[key]': functions/orders}"))
@example(VALID.replace(b"code: functions/orders,", b"? {code: functions/orders}\n,"))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_documents_load_or_are_refused(project: Path, content: bytes) -> None:
    _check(project, content)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_load_or_are_refused(project: Path, content: bytes) -> None:
    _check(project, content)
