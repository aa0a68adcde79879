"""`environments`: overlays on the document, checked for all environments at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.errors import Diagnostic, DocumentError
from lambdakit.spec.application import Application
from lambdakit.spec.document import Document, load
from lambdakit.spec.environments import SECTIONS
from lambdakit.spec.event_processing import EventProcessing
from lambdakit.spec.none_words import keys_with_none
from lambdakit.spec.patterns import ApiBackend, Route
from tests.fakes.overlaid_document import BASE


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("project")
    (directory / "code").mkdir()
    (directory / "code" / "app.py").touch()
    return directory


def _load(project: Path, environments: str, *, environment: str | None = None) -> Document:
    (project / "lambdakit.yaml").write_text(BASE + environments)
    return load(project / "lambdakit.yaml", environment=environment)


def _refused(project: Path, environments: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(DocumentError) as caught:
        _load(project, environments)
    return caught.value.diagnostics


def _line(environments: str, text: str) -> int:
    before, found, _ = (BASE + environments).rpartition(text)
    assert found
    return before.count("\n") + 1


def _route(document: Document) -> Route:
    orders = document.application.patterns["orders"]
    assert isinstance(orders, ApiBackend)
    route = orders.routes["GET /orders"]
    assert isinstance(route, Route)
    return route


def test_each_environment_is_a_document_with_its_overlay(project: Path) -> None:
    document = _load(
        project,
        '  staging: {account: "012345678901", region: eu-west-1, defaults: {memory_size: 1024}}\n'
        "  production: {patterns: {orders: {routes: {GET /orders: {timeout: 9s, environment: {LEVEL: WARN}}}}}}\n",
    )

    staging, production = document.environments.values()
    names = [each.stack_names for each in (document, staging, production)]
    assert names == [("shop",), ("shop-staging",), ("shop-production",)]
    assert (staging.account, staging.region) == ("012345678901", "eu-west-1")
    assert (production.account, production.region, document.account) == (None, None, None)
    assert (staging.application.defaults.memory_size, staging.application.defaults.timeout) == (1024, 5)
    assert (_route(production).timeout, _route(production).environment) == (9, {"LEVEL": "WARN", "MODE": "none"})
    assert (document.application.defaults.memory_size, _route(document).environment["LEVEL"]) == (256, "INFO")


def test_lists_and_scalars_are_replaced(project: Path) -> None:
    (project / "layers").mkdir(exist_ok=True)
    base = "  one: {layers: {a: {code: layers}, b: {code: layers}}, defaults: {layers: [a, b]}}\n"

    document = _load(project, base + "  two: {layers: {b: {code: layers}}, defaults: {layers: [b]}}\n")

    assert [each.application.defaults.layers for each in document.environments.values()] == [["a", "b"], ["b"]]


def test_none_removes_what_the_document_has(project: Path) -> None:
    route = "routes: {GET /orders: {environment: {MODE: none}, table_access: none}}"

    document = _load(
        project,
        f"  small: {{defaults: {{timeout: none}}, patterns: {{jobs: none, orders: {{table: none, {route}}}}}}}\n",
    )

    small = document.environments["small"]
    assert list(small.application.patterns) == ["orders"]
    assert small.application.defaults.timeout is None
    assert (_route(small).environment, _route(small).table_access) == ({"LEVEL": "INFO"}, "none")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ('{MODE: "none"}', "none"),
        ("{MODE: none}", None),
        ("{MODE: 'none'}", "none"),
        ("{MODE: none of it}", "none of it"),
    ],
)
def test_none_in_quotes_is_text(project: Path, written: str, kept: str | None) -> None:
    overlay = f"  one: {{patterns: {{orders: {{routes: {{GET /orders: {{environment: {written}}}}}}}}}}}\n"

    document = _load(project, overlay)

    assert _route(document.environments["one"]).environment.get("MODE") == kept


def test_what_the_overlay_alone_has_is_read_as_in_a_document(project: Path) -> None:
    function = "{code: code, handler: app.read, environment: {AB: none}}"
    new = f"{{kind: event_processing, source: {{kind: s3}}, function: {function}}}"

    document = _load(project, f"  one: {{patterns: {{more: {new}}}}}\n")

    more = document.environments["one"].application.patterns["more"]
    assert isinstance(more, EventProcessing)
    assert more.function.environment == {"AB": "none"}


@pytest.mark.parametrize("key", ["table_access", "authorizer", "auth_type", "flow_log_retention", "throttles"])
def test_keys_that_take_none_are_known(key: str) -> None:
    assert key in keys_with_none()


@pytest.mark.parametrize("key", ["timeout", "environment", "patterns", "table", "kind", "on_failure"])
def test_other_keys_do_not_take_it(key: str) -> None:
    assert key not in keys_with_none()


def test_every_section_of_the_document_can_be_laid_over() -> None:
    of_all = {"application", "include", "context", "environments"}

    assert set(Application.model_fields) - of_all <= SECTIONS


@pytest.mark.parametrize(
    ("overlay", "code", "text", "pointer"),
    [
        ("{defaults: {memory_size: 64}}", "LK114", "64", "defaults.memory_size"),
        ("{defaults: {memory: 64}}", "LK111", "memory:", "defaults.memory"),
        ("{defaults: {timeout: }}", "LK116", "timeout:", "defaults.timeout"),
        ("{defaults: []}", "LK112", "defaults", "defaults"),
        ("{account: 12345678901}", "LK112", "12345678901", "account"),
        ('{account: "1"}', "LK115", '"1"', "account"),
        ("{region: EU-WEST-1}", "LK115", "EU-WEST-1", "region"),
        ("{application: other}", "LK111", "application", "application"),
        ("{context: {a: 1}}", "LK111", "context", "context"),
        ("{patterns: {orders: {kind: none}}}", "LK110", "none", "patterns.orders.kind"),
        ("{patterns: none}", "LK110", "none", "patterns"),
        ("{patterns: {nothing: none}}", "LK156", "nothing", "patterns.nothing"),
        ("{defaults: {architecture: none}}", "LK156", "architecture", "defaults.architecture"),
        ("{patterns: {orders: {table: none}}}", "LK133", "none", "patterns.orders.table"),
        ("{patterns: {jobs: {function: {timeout: 60s}}}}", "LK171", "60s", "patterns.jobs.function.timeout"),
        ("{patterns: {jobs: {source: {kind: s3}}}}", "LK111", "s3", "patterns.jobs.source.kind"),
        ("{defaults: {timeout: 60s}}", "LK171", "60s", "defaults.timeout"),
        ("{defaults: {timeout: 60s}, patterns: {orders: {}}}", "LK171", "60s", "defaults.timeout"),
        ("{defaults: {timeout: 60s, memory_size: 512}, network: {vpc: {}}}", "LK171", "defaults", "defaults"),
        ("{patterns: {jobs: {function: {handler: nope.x}}}}", "LK138", "nope", "patterns.jobs.function.handler"),
        ("{patterns: {orders: {routes: {GET /{x}/{x}: {function: a}}}}}", "LK103", "{x}", ""),
    ],
)  # fmt: skip
def test_what_an_overlay_makes_wrong_is_told_at_its_line(
    project: Path, overlay: str, code: str, text: str, pointer: str
) -> None:
    environments = f"  fine: {{}}\n  staging:\n    {overlay}\n"

    diagnostics = _refused(project, environments)

    (found,) = [each for each in diagnostics if each.code == code]
    assert found.line == _line(environments, overlay)
    assert found.column is not None
    assert (BASE + environments).splitlines()[found.line - 1][found.column - 1 :].startswith(text) or code == "LK103"
    assert found.pointer == (f"environments.staging.{pointer}" if pointer else "")


def test_a_place_of_the_document_that_an_overlay_makes_wrong_is_named(project: Path) -> None:
    (found,) = _refused(project, "  staging: {defaults: {timeout: 60s}}\n")

    assert found.problem.startswith("with this, patterns.jobs.source.visibility_timeout (line 11): ")


def test_what_is_wrong_with_the_document_is_said_once(project: Path) -> None:
    path = project / "lambdakit.yaml"
    path.write_text(
        BASE.replace("5s", "5x").replace("app.read", "nope.read", 1)
        + "  one: {}\n  two: {defaults: {memory_size: 512}}\n"
    )

    with pytest.raises(DocumentError) as caught:
        load(path)

    assert [(each.line, each.code) for each in caught.value.diagnostics] == [(2, "LK115"), (8, "LK138")]


def test_mistakes_of_every_environment_are_told_at_once(project: Path) -> None:
    environments = "  one: {defaults: {memory_size: 1}}\n  two: {defaults: {memory_size: 2}}\n"

    diagnostics = _refused(project, environments)

    assert [each.pointer for each in diagnostics] == [
        "environments.one.defaults.memory_size",
        "environments.two.defaults.memory_size",
    ]


def test_an_overlay_that_two_environments_share_is_told_once(project: Path) -> None:
    diagnostics = _refused(project, "  one: &shared {defaults: {memory_size: 1}}\n  two: *shared\n")

    assert [each.pointer for each in diagnostics] == ["environments.one.defaults.memory_size"]


def test_an_invalid_document_is_mended_by_no_overlay(project: Path) -> None:
    path = project / "lambdakit.yaml"
    path.write_text(BASE.replace("256", "64") + "  one: {defaults: {memory_size: 512}}\n")

    with pytest.raises(DocumentError) as caught:
        load(path)

    assert [(each.line, each.code) for each in caught.value.diagnostics] == [(2, "LK114")]


@pytest.mark.parametrize(
    ("name", "code"),
    [("a", ""), ("a-1", ""), ("1", ""), ("a_b", "LK115"), ("-a", "LK115"), ('""', "LK115"), ("a" * 65, "LK115")],
)
def test_an_environments_name_is_part_of_a_stacks_name(project: Path, name: str, code: str) -> None:
    if code:
        assert [each.code for each in _refused(project, f"  {name}: {{}}\n")] == [code]
    else:
        assert list(_load(project, f"  {name}: {{}}\n").environments) == [name]


def test_stacks_names_are_not_too_long_and_differ(project: Path) -> None:
    path = project / "lambdakit.yaml"
    path.write_text(BASE.replace("shop", "s" * 100) + f"  {'e' * 28}: {{}}\n  a: {{}}\n  A: {{}}\n")

    with pytest.raises(DocumentError) as caught:
        load(path)

    assert [(each.line, each.code) for each in caught.value.diagnostics] == [(14, "LK159"), (16, "LK159")]


@pytest.mark.parametrize(("number", "is_allowed"), [(32, True), (33, False)])
def test_there_is_an_end_to_the_number_of_environments(project: Path, number: int, is_allowed: bool) -> None:
    environments = "".join(f"  e{each}: {{}}\n" for each in range(number))

    if is_allowed:
        assert len(_load(project, environments).environments) == number
    else:
        assert [each.code for each in _refused(project, environments)] == ["LK120"]


def test_there_is_an_end_to_the_size_of_all_environments_together(project: Path) -> None:
    values = ", ".join(["1"] * 40_000)
    environments = "".join(f"  e{each}: {{}}\n" for each in range(10))
    path = project / "lambdakit.yaml"
    path.write_text(f"context: {{values: [{values}]}}\n{BASE}{environments}")

    with pytest.raises(DocumentError) as caught:
        load(path)

    assert [each.code for each in caught.value.diagnostics] == ["LK107"]


def test_one_environment_alone_can_be_looked_at(project: Path) -> None:
    environments = "  staging: {}\n  production: {defaults: {memory_size: 1}}\n"

    assert list(_load(project, environments, environment="staging").environments) == ["staging"]


@pytest.mark.parametrize(
    ("environments", "name", "hint"),
    [
        ("  staging: {}\n", "stagin", "write staging"),
        ("  staging: {}\n  production: {}\n", "x", "it has staging, production"),
        ("  {}\n", "staging", "define it below environments"),
    ],
)
def test_an_environment_that_is_not_there_is_refused(project: Path, environments: str, name: str, hint: str) -> None:
    with pytest.raises(DocumentError) as caught:
        _load(project, environments, environment=name)

    assert [(each.code, each.hint) for each in caught.value.diagnostics] == [("LK155", hint)]


def test_pointers_lead_into_the_overlay_where_it_says_otherwise(project: Path) -> None:
    staging = _load(project, "  staging: {defaults: {memory_size: 1024}}\n").environments["staging"]

    memory, timeout = staging.origin(("defaults", "memory_size")), staging.origin(("defaults", "timeout"))

    assert memory is not None and timeout is not None
    assert (memory.pointer, memory.line) == (("environments", "staging", "defaults", "memory_size"), 14)
    assert (timeout.pointer, timeout.line) == (("defaults", "timeout"), 2)
