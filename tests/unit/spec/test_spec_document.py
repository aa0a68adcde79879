from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from lambdakit.errors import DocumentError
from lambdakit.spec.api import HttpApi
from lambdakit.spec.document import Document, load
from lambdakit.spec.excerpt import excerpt
from lambdakit.spec.patterns import ApiBackend, Route
from lambdakit.spec.table import Table

DOCUMENT = """\
application: shop
defaults: {runtime: python3.13, memory_size: 512, timeout: 10s}

layers:
  shared: {code: layers/shared}

patterns:
  orders:
    kind: api_backend
    api: {type: http, cors: {allow_origins: ["https://example.com"], max_age: 1h}}
    table: {partition_key: order_id}
    routes:
      POST /orders:
        name: create_order
        code: functions/orders
        handler: app.create
        table_access: read_write
        layers: [shared]
      GET /v1.0/orders: {code: functions/orders, handler: app.list_all}
      HEAD /orders: {function: create_order}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    orders = tmp_path / "functions" / "orders"
    orders.mkdir(parents=True)
    (orders / "app.py").touch()
    (tmp_path / "layers" / "shared").mkdir(parents=True)
    (tmp_path / "lambdakit.yaml").write_text(DOCUMENT)
    return tmp_path


def _load(project: Path, text: str) -> Document:
    path = project / "lambdakit.yaml"
    path.write_text(text)
    return load(path)


def _codes(project: Path, text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        _load(project, text)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def _with_route(route: str) -> str:
    return (
        "application: shop\nlayers: {shared: {code: layers/shared}}\npatterns:\n  orders:\n"
        f"    kind: api_backend\n    routes:\n      GET /orders: {{{route}}}\n"
    )


def test_valid_document_becomes_an_application(project: Path) -> None:
    document = load(project / "lambdakit.yaml")

    orders = document.application.patterns["orders"]
    assert isinstance(orders, ApiBackend) and isinstance(orders.api, HttpApi) and isinstance(orders.table, Table)
    created = orders.routes["POST /orders"]
    assert document.application.application == "shop"
    assert document.application.layers["shared"].code == "layers/shared"
    assert orders.table is not None
    assert orders.table.partition_key.name == "order_id"
    assert orders.api.cors is not None
    assert orders.api.cors.max_age == 3_600
    assert isinstance(created, Route)
    assert (created.name, created.table_access) == ("create_order", "read_write")
    assert (document.path, document.directory) == (project / "lambdakit.yaml", project)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("application", (1, 14)),
        ("defaults.memory_size", (2, 46)),
        ("patterns.orders", (8, 3)),
        ("patterns.orders.routes.POST /orders", (13, 7)),
        ("patterns.orders.routes.POST /orders.layers[0]", (18, 18)),
        ('patterns.orders.routes."GET /v1.0/orders".code', (19, 32)),
        ("patterns.orders.routes.POST /orders.timeout", (13, 7)),
        ("patterns.orders.nothing.like.this", (8, 3)),
        ("network", (1, 1)),
        ("", None),
    ],
)
def test_pointer_leads_to_its_place(project: Path, pointer: str, place: tuple[int, int] | None) -> None:
    assert load(project / "lambdakit.yaml").place(pointer) == place


def test_path_and_directory_are_as_the_caller_stands(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    document = load("lambdakit.yaml")

    assert document.path == Path("lambdakit.yaml")
    assert document.directory == project


def test_byte_order_mark_and_windows_line_ends_are_read(project: Path) -> None:
    (project / "lambdakit.yaml").write_bytes(b"\xef\xbb\xbf" + DOCUMENT.replace("\n", "\r\n").encode())

    document = load(project / "lambdakit.yaml")

    assert document.place("application") == (1, 14)
    assert document.place("patterns.orders.routes.POST /orders") == (13, 7)


def test_diagnostics_are_in_the_order_of_their_lines(project: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        _load(project, DOCUMENT.replace("512", "64").replace("app.create", "ap.create").replace("shop", "my shop"))

    assert [(d.line, d.code) for d in caught.value.diagnostics] == [(1, "LK115"), (2, "LK114"), (16, "LK138")]


def test_what_an_alias_repeats_is_said_once(project: Path) -> None:
    text = DOCUMENT.replace("shared: {code", "shared: &shared {cod").replace(
        "HEAD /orders: {", "HEAD /orders: {<<: *shared, "
    )

    with pytest.raises(DocumentError) as caught:
        _load(project, text)

    assert [d.line for d in caught.value.diagnostics].count(5) == len(caught.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (
            "layres: {shared: {code: layers/shared}}\n"
            + DOCUMENT.replace("layers:\n  shared: {code: layers/shared}\n", ""),
            ["LK111"],
        ),
        (DOCUMENT.replace("    table:", "    tabel:"), ["LK111"]),
        (DOCUMENT.replace("name: create_order", "name: create order"), ["LK115"]),
        (DOCUMENT.replace("name: create_order", "nmae: create_order"), ["LK111"]),
        (
            DOCUMENT.replace("runtime: python3.13", "runtime: nodejs12.x").replace("app.create", "index.create"),
            ["LK117"],
        ),
        (DOCUMENT.replace("{code: layers/shared}", "{code: 5}"), ["LK112"]),
        (DOCUMENT.replace("table: {partition_key: order_id}", "table: {partition_key: [order_id]}"), ["LK112"]),
    ],
    ids=["layers", "table", "name", "name's key", "runtime", "layer's code", "table's key"],
)
def test_one_mistake_does_not_bring_others_with_it(project: Path, text: str, codes: list[str]) -> None:
    assert _codes(project, text) == codes


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        (["functions/orders/main.py"], "main.read"),
        (["functions/orders/package/__init__.py"], "package.read"),
        (["functions/orders/package/main.py"], "package.main.read"),
        (["functions/orders/package/main.py"], "package/main.read"),
        (["functions/orders/fast.cpython-313-aarch64-linux-gnu.so"], "fast.read"),
        (["layers/shared/python/wrapper.py"], "wrapper.read"),
        (["layers/shared/python/lib/python3.13/site-packages/wrapper/__init__.py"], "wrapper.read"),
    ],
)
def test_handler_is_found_where_lambda_looks(project: Path, files: list[str], handler: str) -> None:
    for file in files:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).touch()

    _load(project, _with_route(f"code: functions/orders, handler: {handler}, layers: [shared]"))


@pytest.mark.parametrize("handler", ["index.handler", "Main::handle", "bootstrap"])
def test_handlers_of_other_runtimes_are_left_to_them(project: Path, handler: str) -> None:
    _load(project, _with_route(f"code: functions/orders, handler: '{handler}', runtime: provided.al2023"))


@pytest.mark.parametrize("code", [".", "./functions/orders", "functions/../functions/orders", "inner"])
def test_code_may_be_named_in_any_way_within_the_project(project: Path, code: str) -> None:
    (project / "inner").symlink_to(project / "functions" / "orders")
    (project / "app.py").touch()

    _load(project, _with_route(f"code: {code}, handler: app.read"))


def test_project_reached_through_a_link_is_its_own_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(project)

    assert load(link / "lambdakit.yaml").application.application == "shop"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("..", "LK137"),
        ("/", "LK137"),
        ("loop", "LK136"),
        ("x" * 1_000, "LK136"),
        ("functions/orders/app.py/x", "LK136"),
    ],
)
def test_code_that_is_no_directory_is_refused(project: Path, code: str, expected: str) -> None:
    (project / "loop").symlink_to(project / "loop")

    assert _codes(project, _with_route(f"code: {code}, handler: app.read")) == [expected]


@pytest.mark.parametrize(("size", "accepted"), [(4_096, True), (4_097, False)])
def test_environment_is_counted_in_bytes(project: Path, size: int, accepted: bool) -> None:
    value = "é" * ((size - 2) // 2) + "x" * (size % 2)
    text = _with_route(f"code: functions/orders, handler: app.read, environment: {{AB: {value}}}")

    if accepted:
        _load(project, text)
    else:
        assert _codes(project, text) == ["LK135"]


@pytest.mark.parametrize("prepare", ["missing", "directory", "unreadable", "null", "pipe", "device"])
def test_path_that_is_no_document_is_refused(project: Path, prepare: str) -> None:
    path = project / "other.yaml"
    if prepare == "directory":
        path.mkdir()
    elif prepare == "null":
        path = project / "a\0b"
    elif prepare == "unreadable":
        path = project / "lambdakit.yaml" / "other.yaml"
    elif prepare == "pipe":
        os.mkfifo(path)
    elif prepare == "device":
        path.symlink_to("/dev/zero")

    with pytest.raises(DocumentError) as caught:
        load(path)

    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "LK100"
    assert diagnostic.line is None


@pytest.mark.parametrize("beyond", [0, 1])
def test_document_may_have_1_mib(project: Path, beyond: int) -> None:
    padding = "#" * (1024 * 1024 - len(DOCUMENT) + beyond)

    if beyond:
        assert _codes(project, DOCUMENT + padding) == ["LK101"]
    else:
        _load(project, DOCUMENT + padding)


def test_large_files_are_not_read_to_their_end(project: Path) -> None:
    path = project / "large.yaml"
    path.write_bytes(b"a: 1\n" * (50 * 1024 * 1024 // 5))
    tracemalloc.start()

    with pytest.raises(DocumentError):
        load(path)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_hundred_functions_are_loaded_at_once(project: Path) -> None:
    def pattern(key: str, numbers: range) -> str:
        routes = "".join(
            f"      GET /orders/{number}:\n        name: read_{number}\n        code: functions/orders\n"
            f"        handler: app.read\n        memory_size: 1 GiB\n        environment: {{LEVEL: INFO}}\n"
            for number in numbers
        )
        return f"  {key}:\n    kind: api_backend\n    stack: {key}\n    routes:\n{routes}"

    path = project / "lambdakit.yaml"
    path.write_text(f"application: shop\npatterns:\n{pattern('orders', range(50))}{pattern('others', range(50, 100))}")

    seconds = []
    for _ in range(3):
        begin = time.process_time()
        load(path)
        seconds.append(time.process_time() - begin)

    # Of the processor, and the best of several: a busy machine makes it slower, never faster.
    assert min(seconds) < 0.5, seconds


def test_loading_brings_neither_the_cdk_nor_a_cloud_client() -> None:
    code = "import sys, lambdakit.spec.document, lambdakit.spec.schema; print(*sys.modules)"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})

    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert not loaded & {"aws_cdk", "jsii", "constructs", "boto3", "botocore", "moto", "jsonschema", "typer", "rich"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("application: my shop\n", "my shop"),
        ("application: 'my shop' # why\n", "'my shop'"),
        ("aplication: shop\n", "aplication"),
        ("application: shop\ndefaults: {memory_size: 64, timeout: 1s}\n", "64"),
    ],
)
def test_excerpt_is_the_line_and_the_word_that_is_meant(project: Path, text: str, meant: str) -> None:
    with pytest.raises(DocumentError) as caught:
        _load(project, text)
    diagnostic = caught.value.diagnostics[-1] if "64" in text else caught.value.diagnostics[0]
    found = [excerpt(diagnostic) for diagnostic in (diagnostic, *caught.value.diagnostics)]

    shown = [part.text[part.column - 1 : part.column - 1 + part.length] for part in found if part is not None]

    assert meant in shown


def test_excerpt_of_no_place_is_none(project: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        load(project / "missing.yaml")

    assert excerpt(caught.value.diagnostics[0]) is None
