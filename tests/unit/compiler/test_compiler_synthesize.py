from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambdakit.compiler.synthesize import Compiler
from lambdakit.errors import DocumentError, SynthesisError

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def compiler(cache: Path) -> Iterator[Compiler]:
    with Compiler(validation=False, cache_directory=cache) as compiler:
        yield compiler


def files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def assets(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir() if path.name.startswith("asset.")}


def test_a_document_becomes_a_cloud_assembly(compiler: Compiler, document: Path) -> None:
    assembly = compiler.synthesize(document)

    template = json.loads((assembly / "shop.template.json").read_text())
    manifest = json.loads((assembly / "manifest.json").read_text())
    assert manifest["artifacts"]["shop"]["type"] == "aws:cloudformation:stack"
    assert set(template["Outputs"]) == {"OrdersUrl", "OrdersTableName"}
    assert [(assembly / asset / "app.py").read_text() for asset in assets(assembly)] == [
        (document.parent / "code" / "app.py").read_text()
    ]


def test_the_source_map_leads_from_every_resource_to_its_line(compiler: Compiler, document: Path) -> None:
    assembly = compiler.synthesize(document)

    template = json.loads((assembly / "shop.template.json").read_text())
    source_map = json.loads((assembly / "lambdakit-source-map.json").read_text())
    places = source_map["stacks"]["shop"]
    by_type = {each["Type"]: places[logical_id] for logical_id, each in template["Resources"].items()}
    assert source_map["version"] == 1
    assert set(places) == {*template["Resources"], *template["Outputs"]}
    assert by_type["AWS::DynamoDB::GlobalTable"] == {"pointer": "patterns.orders.table", "line": 5, "column": 5}
    assert by_type["AWS::ApiGatewayV2::Stage"]["pointer"] == "patterns.orders.api"
    for type_name in ("AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::ApiGatewayV2::Route"):
        assert by_type[type_name] == {"pointer": "patterns.orders.routes.GET /orders", "line": 7, "column": 7}


def test_the_same_input_gives_the_same_bytes_in_another_process_and_place(
    compiler: Compiler, document: Path, tmp_path: Path
) -> None:
    first = compiler.synthesize(document, tmp_path / "first")

    with Compiler(validation=False, cache_directory=tmp_path / "another-cache") as another:
        second = another.synthesize(document, tmp_path / "deeper" / "second")

    assert files(first) == files(second)
    assert str(tmp_path).encode() not in b"".join(files(first).values())


def test_what_was_synthesized_once_needs_no_process(
    compiler: Compiler, document: Path, cache: Path, children: Callable[[], set[int]]
) -> None:
    assembly = compiler.synthesize(document)
    before = children()

    with Compiler(validation=False, cache_directory=cache) as another:
        again = another.synthesize(document)

        assert children() == before
        assert again != assembly
        assert files(again) == files(assembly)


def test_what_a_caller_does_to_an_assembly_stays_with_the_caller(compiler: Compiler, document: Path) -> None:
    original = files(compiler.synthesize(document))

    for path in compiler.synthesize(document).rglob("*"):
        if path.is_file():
            path.write_text("spoiled")

    assert files(compiler.synthesize(document)) == original


@pytest.mark.parametrize("damage", ["changed", "missing", "no hashes", "bad hashes"])
def test_a_damaged_cache_entry_is_never_served(
    document: Path, tmp_path: Path, compiler: Compiler, damage: str, children: Callable[[], set[int]]
) -> None:
    original = files(compiler.synthesize(document))
    with Compiler(validation=False, cache_directory=tmp_path / "cache") as another:
        another.synthesize(document)
        (entry,) = (tmp_path / "cache").iterdir()
        template = entry / "assembly" / "shop.template.json"
        match damage:
            case "changed":
                template.write_text(template.read_text().replace("arm64", "x86_64"))
            case "missing":
                template.unlink()
            case "no hashes":
                (entry / "files.json").unlink()
            case "bad hashes":
                (entry / "files.json").write_text('{"shop.template.json"')

        assert files(another.synthesize(document)) == original

        # The damaged entry made place for a sound one, which serves from now on.
        before = children()
        with Compiler(validation=False, cache_directory=tmp_path / "cache") as third:
            assert files(third.synthesize(document)) == original
            assert children() == before


def test_changed_code_is_packaged_anew(compiler: Compiler, document: Path) -> None:
    before = assets(compiler.synthesize(document))

    (document.parent / "code" / "app.py").write_text("def handler(event, context): return 'changed'\n")
    (after,) = (compiler.synthesize(document) / asset for asset in assets(compiler.synthesize(document)))

    assert after.name not in before
    assert "changed" in (after / "app.py").read_text()


def test_an_earlier_assembly_is_replaced_as_a_whole(compiler: Compiler, document: Path, tmp_path: Path) -> None:
    output = compiler.synthesize(document, tmp_path / "out")
    (stale,) = assets(output)

    (document.parent / "code" / "app.py").write_text("def handler(event, context): return 'changed'\n")
    compiler.synthesize(document, output)

    assert stale not in assets(output)
    assert files(output) == files(compiler.synthesize(document))


@pytest.mark.parametrize(
    ("occupied", "problem"),
    [
        ("directory", "is neither empty nor a cloud assembly, so it is not overwritten"),
        ("file", "is not a directory"),
    ],
)
def test_an_output_directory_in_use_is_left_alone(
    compiler: Compiler, document: Path, tmp_path: Path, occupied: str, problem: str
) -> None:
    output = tmp_path / "out"
    if occupied == "directory":
        output.mkdir()
        (output / "notes.txt").write_text("mine")
    else:
        output.write_text("mine")

    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(document, output)

    (found,) = caught.value.diagnostics
    assert (found.code, found.path, found.problem) == ("LK431", str(output), problem)
    assert (output / "notes.txt" if occupied == "directory" else output).read_text() == "mine"


def test_a_wrong_document_is_refused_before_the_cdk_sees_it(compiler: Compiler, document: Path, tmp_path: Path) -> None:
    document.write_text(document.read_text().replace("handler: app.handler", "memory_size: 1"))

    with pytest.raises(DocumentError):
        compiler.synthesize(document, tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_a_refusal_of_a_construct_names_the_documents_line(compiler: Compiler, document: Path) -> None:
    document.write_text(document.read_text().replace("list_orders", "Table"))

    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(document)

    assert str(caught.value) == (
        f"{document}:7:27: patterns.orders.routes.GET /orders.name: "
        "'Table' is taken by a part of the pattern itself [LK411]\n"
        "  hint: choose another name, or share the function: function: Table"
    )


def test_a_refusal_of_the_cdk_names_the_documents_line_and_no_stack(compiler: Compiler, document: Path) -> None:
    second = "  OrdersUrl:\n    kind: api_backend\n    routes: {GET /other: {code: code, handler: app.handler}}\n"
    document.write_text(document.read_text() + second)

    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize(document)

    (found,) = caught.value.diagnostics
    assert (found.code, found.line, found.pointer) == ("LK400", 8, "patterns.OrdersUrl")
    assert found.problem.startswith("there is already a Construct with name 'OrdersUrl' in ")
    assert "\n" not in found.problem


def test_paths_in_messages_are_as_the_user_wrote_them(
    compiler: Compiler, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.write_text(document.read_text().replace("list_orders", "Table"))
    monkeypatch.chdir(document.parent)

    with pytest.raises(SynthesisError) as caught:
        compiler.synthesize("lambdakit.yaml")

    assert str(caught.value).startswith("lambdakit.yaml:7:27: ")


def test_a_refusal_leaves_the_next_synthesis_alone(compiler: Compiler, document: Path) -> None:
    sound = document.read_text()
    document.write_text(sound.replace("list_orders", "Table"))
    with pytest.raises(SynthesisError):
        compiler.synthesize(document)

    document.write_text(sound)

    assert (compiler.synthesize(document) / "shop.template.json").is_file()


def test_several_threads_may_ask_at_once(tmp_path: Path, compiler: Compiler, document: Path) -> None:
    documents = [document.with_name(f"{n}.yaml") for n in range(4)]
    for n, each in enumerate(documents):
        each.write_text(document.read_text().replace("shop", f"shop{n}"))

    with ThreadPoolExecutor(4) as threads:
        assemblies = list(threads.map(compiler.synthesize, documents))

    assert [(each / f"shop{n}.template.json").is_file() for n, each in enumerate(assemblies)] == [True] * 4
