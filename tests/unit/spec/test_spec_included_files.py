"""`include`: files of the project become parts of the document, and hostile paths become diagnostics."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.spec.document import Document, load
from lambdakit.spec.excerpt import excerpt
from lambdakit.spec.included_files import DEPTH_MAX, FILES_MAX
from lambdakit.spec.patterns import ApiBackend

MAIN = "application: shop\ninclude: [parts/orders.yaml]\ndefaults: {timeout: 5s}\n"
ORDERS = """\
defaults: {memory_size: 256}
patterns:
  orders:
    kind: api_backend
    routes:
      GET /orders: {code: functions/orders, handler: app.read}
"""


def _project(directory: Path, files: Mapping[str, str]) -> Path:
    orders = directory / "functions" / "orders"
    orders.mkdir(parents=True)
    (orders / "app.py").touch()
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory / "lambdakit.yaml"


def _load(directory: Path, files: Mapping[str, str]) -> Document:
    return load(_project(directory, files))


def _refused(directory: Path, files: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    with pytest.raises(DocumentError) as caught:
        _load(directory, files)
    return caught.value.diagnostics


def _places(directory: Path, diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, int | None, str]]:
    return [(Path(each.path).relative_to(directory).as_posix(), each.line, each.code) for each in diagnostics]


def test_keys_of_the_files_are_the_documents(tmp_path: Path) -> None:
    document = _load(tmp_path, {"lambdakit.yaml": MAIN, "parts/orders.yaml": ORDERS})

    assert (document.application.defaults.timeout, document.application.defaults.memory_size) == (5, 256)
    assert list(document.application.patterns) == ["orders"]
    assert document.files == ("parts/orders.yaml",)


def test_each_value_knows_its_file(tmp_path: Path) -> None:
    document = _load(tmp_path, {"lambdakit.yaml": MAIN, "parts/orders.yaml": ORDERS})

    timeout, memory = (document.origin(("defaults", key)) for key in ("timeout", "memory_size"))
    assert timeout is not None and (timeout.file, timeout.line, timeout.column) == ("", 3, 21)
    assert memory is not None and (memory.file, memory.line, memory.column) == ("parts/orders.yaml", 1, 25)


def test_one_patterns_routes_may_lie_in_several_files(tmp_path: Path) -> None:
    more = "patterns: {orders: {routes: {POST /orders: {code: functions/orders, handler: app.read}}}}\n"
    main = MAIN.replace("[parts/orders.yaml]", "[parts/orders.yaml, more.yaml]")

    document = _load(tmp_path, {"lambdakit.yaml": main, "parts/orders.yaml": ORDERS, "more.yaml": more})

    orders = document.application.patterns["orders"]
    assert isinstance(orders, ApiBackend)
    assert list(orders.routes) == ["GET /orders", "POST /orders"]


def test_paths_in_included_files_count_from_the_documents_directory(tmp_path: Path) -> None:
    chain = {"parts/orders.yaml": "include: [parts/deeper.yaml]\n", "parts/deeper.yaml": ORDERS}

    document = _load(tmp_path, {"lambdakit.yaml": MAIN, **chain})

    assert document.files == ("parts/orders.yaml", "parts/deeper.yaml")


def test_mistakes_of_all_files_are_told_at_once_in_the_order_of_the_files(tmp_path: Path) -> None:
    files = {
        "lambdakit.yaml": MAIN.replace("5s", "5x"),
        "parts/orders.yaml": ORDERS.replace("256", "64").replace("app.read", "nope.read"),
    }

    diagnostics = _refused(tmp_path, files)

    assert _places(tmp_path, diagnostics) == [
        ("lambdakit.yaml", 3, "LK115"),
        ("parts/orders.yaml", 1, "LK114"),
        ("parts/orders.yaml", 6, "LK138"),
    ]
    shown = excerpt(diagnostics[1])
    assert shown is not None and (shown.text, shown.length) == ("defaults: {memory_size: 64}", 2)


def test_paths_of_messages_begin_as_the_documents_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _project(tmp_path / "shop", {"lambdakit.yaml": MAIN, "parts/orders.yaml": ORDERS.replace("256", "64")})
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DocumentError) as caught:
        load("shop/lambdakit.yaml")

    assert caught.value.diagnostics[0].path == "shop/parts/orders.yaml"


def test_a_key_of_two_files_is_refused_at_both_places(tmp_path: Path) -> None:
    files = {"lambdakit.yaml": MAIN, "parts/orders.yaml": ORDERS.replace("memory_size: 256", "timeout: 9s")}

    diagnostics = _refused(tmp_path, files)

    assert _places(tmp_path, diagnostics) == [("lambdakit.yaml", 3, "LK154"), ("parts/orders.yaml", 1, "LK154")]
    assert "line 1 of parts/orders.yaml" in diagnostics[0].problem
    assert "line 3 of the document" in diagnostics[1].problem
    assert {each.pointer for each in diagnostics} == {"defaults.timeout"}


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("patterns: [\n", 2, "LK103"),
        ("a: 1\n\tb: 2\n", 2, "LK104"),
        ("- a\n", 1, "LK109"),
        ("text\n", 1, "LK109"),
        ("network:\n", 1, "LK116"),
        ("defaults: {a: *none}\n", 1, "LK106"),
        ("nothing: 1\n", 1, "LK111"),
        ("include: 5\n", 1, "LK112"),
        ("include:\n- [a]\n", 2, "LK112"),
        ("include:\n", 1, "LK116"),
    ],
)
def test_a_mistake_in_a_file_is_told_there(tmp_path: Path, text: str, line: int, code: str) -> None:
    main = f"include: [part.yaml]\napplication: shop\n{ORDERS.replace('256', '128')}"

    diagnostics = _refused(tmp_path, {"lambdakit.yaml": main, "part.yaml": text})

    assert ("part.yaml", line, code) in _places(tmp_path, diagnostics)


def test_bytes_that_are_no_text_are_told_in_their_file(tmp_path: Path) -> None:
    document = _project(tmp_path, {"lambdakit.yaml": MAIN, "parts/orders.yaml": ""})
    (tmp_path / "parts" / "orders.yaml").write_bytes(b"patterns:\n \xff\n")

    with pytest.raises(DocumentError) as caught:
        load(document)

    assert ("parts/orders.yaml", 2, "LK102") in _places(tmp_path, caught.value.diagnostics)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("none.yaml", "LK151"),
        ("functions", "LK151"),
        ("empty.yaml", "LK151"),
        ("a/b/c.yaml", "LK151"),
        ("x" * 300, "LK151"),
        ("lambdakit.yaml/x", "LK151"),
        ("../other.yaml", "LK152"),
        ("/etc/passwd", "LK152"),
        ("C:\\x.yaml", "LK152"),
        ("parts/../../x.yaml", "LK152"),
        ("outside.yaml", "LK152"),
        ("lambdakit.yaml", "LK153"),
        ("./parts/../lambdakit.yaml", "LK153"),
        ("linked.yaml", "LK153"),
        ('""', "LK115"),
        ('"a\\0b"', "LK115"),
        ("5", "LK112"),
        ("{a: b}", "LK112"),
        ("[a]", "LK112"),
        ("", "LK116"),
    ],
)
def test_a_path_that_cannot_be_included_is_refused(tmp_path: Path, written: str, code: str) -> None:
    project = tmp_path / "project"
    (tmp_path / "other.yaml").write_text(ORDERS)
    document = _project(
        project, {"lambdakit.yaml": f"application: shop\ninclude:\n- {written}\n{ORDERS}", "empty.yaml": "# nothing\n"}
    )
    (project / "outside.yaml").symlink_to(tmp_path / "other.yaml")
    (project / "linked.yaml").symlink_to("lambdakit.yaml")

    with pytest.raises(DocumentError) as caught:
        load(document)

    assert [each.code for each in caught.value.diagnostics] == [code]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    document = _project(tmp_path, {"lambdakit.yaml": f"application: shop\ninclude: [pipe.yaml]\n{ORDERS}"})
    os.mkfifo(tmp_path / "pipe.yaml")

    with pytest.raises(DocumentError, match="is no regular file"):
        load(document)


def test_files_that_include_each_other_are_refused_where_the_circle_closes(tmp_path: Path) -> None:
    files = {
        "lambdakit.yaml": f"application: shop\ninclude: [a.yaml]\n{ORDERS}",
        "a.yaml": "include: [b.yaml]\n",
        "b.yaml": "include: [a.yaml]\n",
    }

    assert _places(tmp_path, _refused(tmp_path, files)) == [("b.yaml", 1, "LK153")]


@pytest.mark.parametrize(("depth", "is_allowed"), [(DEPTH_MAX, True), (DEPTH_MAX + 1, False)])
def test_there_is_an_end_to_the_depth(tmp_path: Path, depth: int, is_allowed: bool) -> None:
    chain = {f"{number}.yaml": f"include: [{number + 1}.yaml]\n" for number in range(1, depth)}
    files = {"lambdakit.yaml": f"application: shop\ninclude: [1.yaml]\n{ORDERS}", **chain, f"{depth}.yaml": "{}\n"}

    if is_allowed:
        assert len(_load(tmp_path, files).files) == depth
    else:
        assert [each.code for each in _refused(tmp_path, files)] == ["LK153"]


@pytest.mark.parametrize(("number", "is_allowed"), [(FILES_MAX, True), (FILES_MAX + 1, False)])
def test_there_is_an_end_to_the_number(tmp_path: Path, number: int, is_allowed: bool) -> None:
    names = [f"{each}.yaml" for each in range(number)]
    files = {"lambdakit.yaml": f"application: shop\ninclude: [{', '.join(names)}]\n{ORDERS}"}

    if is_allowed:
        assert len(_load(tmp_path, {**files, **dict.fromkeys(names, "{}\n")}).files) == number
    else:
        assert [each.code for each in _refused(tmp_path, {**files, **dict.fromkeys(names, "{}\n")})] == ["LK153"]


def test_there_is_an_end_to_the_size_of_all_files_together(tmp_path: Path) -> None:
    names = [f"{each}.yaml" for each in range(6)]
    files = {"lambdakit.yaml": f"application: shop\ninclude: [{', '.join(names)}]\n{ORDERS}"}
    files |= {name: f"{name[0] * 3}: [{', '.join(['1'] * 12_000)}]\n" for name in names}

    assert "LK107" in {each.code for each in _refused(tmp_path, files)}
