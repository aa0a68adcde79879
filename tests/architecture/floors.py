"""Which part of lambdakit may import which, and the check of it.

In: a directory that holds a package `lambdakit`. Out: every import that the table does not allow. Imports inside
functions, below `if TYPE_CHECKING` and by `importlib.import_module("…")` count like any other.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "lambdakit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the files of one row may import besides each other and the standard library.

    imports: other rows, by name; `*` is every row but `refuses`.
    third_party: modules, with all below them.
    scripts: the files are run as scripts and import each other by bare name.
    """

    imports: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    third_party: tuple[str, ...] = ()
    scripts: bool = False


_GROUND: Final = ("names_on_demand", "records", "errors", "limits", "arn", "clock", "trace")
_CHILD_SIDE: Final = (
    *("compiler.__main__", "compiler.bindings", "compiler.compile", "compiler.ejection", "compiler.warm_up"),
    *("compiler.jsii_errors", "compiler.validation_report", "compiler.checks", "compiler.template_lint"),
    *("compiler.written_checks", "compiler.template_sizes", "compiler.loading"),
)
_CDK: Final = ("aws_cdk", "constructs", "jsii", "cdk_nag", "cfnlint")
_SDK: Final = ("boto3", "botocore")

# The harness's leaves: every part of it above may import them.
_LEAVES: Final = (
    *("harness.wire", "harness.options", "harness.service_request", "harness.event_pattern"),
    *("harness.listener", "harness.inner_listeners", "harness.activity", "harness.event_stream"),
    *("harness.account", "harness.moto_state", "harness.iam", "harness.network", "harness.schedule_expression"),
)
_BELOW_RUNTIME: Final = (*_GROUND, *_LEAVES)
_BELOW_INVOCATION: Final = (*_BELOW_RUNTIME, "harness.runtime")
_BELOW_DURABLE: Final = (*_BELOW_INVOCATION, "harness.invocation")
_BELOW_LAMBDA_SERVICE: Final = (*_BELOW_DURABLE, "harness.durable")
_BELOW_EVENTS: Final = (*_BELOW_LAMBDA_SERVICE, "harness.lambda_service")
_BELOW_DEPLOYMENT: Final = (*_BELOW_EVENTS, "harness.routing", "harness.delivery", "harness.event_source_mapping")
_BELOW_SERVER: Final = (*_BELOW_DEPLOYMENT, "harness.deployment")

# Row -> what it may import. A row is a module or a package below `lambdakit`; a file belongs to the longest row that
# its name begins with, and the row "" is `lambdakit/__init__.py` alone.
FLOORS: Final[Mapping[str, Floor]] = {
    # Floor 0: each imports those above it.
    "names_on_demand": Floor(),
    "records": Floor(),
    "errors": Floor(imports=("records",)),
    "limits": Floor(imports=("records", "errors")),
    "arn": Floor(imports=("records", "errors", "limits")),
    "clock": Floor(imports=("records", "errors", "limits", "arn")),
    "trace": Floor(imports=("records", "errors", "limits", "arn", "clock")),
    # Floor 1: what the document and the cloud assembly say.
    "spec": Floor(imports=_GROUND, third_party=("pydantic", "pydantic_core", "ruamel.yaml", "jsonschema")),
    "assembly": Floor(imports=_GROUND),
    # Floor 2a: the CDK.
    "constructs": Floor(imports=_GROUND, third_party=("aws_cdk", "constructs", "jsii")),
    # Floor 2b: the harness, from the leaves up. Only `moto_state` knows moto's insides; `account` its public entry.
    "harness.header_fields": Floor(imports=_GROUND),
    "harness.message_body": Floor(imports=(*_GROUND, "harness.header_fields")),
    "harness.wire": Floor(imports=(*_GROUND, "harness.header_fields", "harness.message_body")),
    "harness.options": Floor(imports=_GROUND),
    "harness.event_pattern": Floor(imports=_GROUND),
    "harness.schedule_expression": Floor(imports=_GROUND),
    "harness.activity": Floor(imports=_GROUND),
    "harness.drain": Floor(imports=(*_GROUND, "harness.activity")),
    "harness.service_request": Floor(imports=(*_GROUND, "harness.wire")),
    "harness.unserved_request": Floor(imports=(*_GROUND, "harness.wire", "harness.service_request")),
    "harness.event_stream": Floor(imports=_GROUND),
    "harness.streamed_answer": Floor(imports=(*_GROUND, "harness.wire")),
    "harness.certificates": Floor(imports=_GROUND, third_party=("cryptography",)),
    "harness.taken_connection": Floor(imports=_GROUND),
    # `h2` knows the frames of HTTP/2.
    "harness.http2_connection": Floor(imports=(*_GROUND, "harness.header_fields", "harness.wire"), third_party=("h2",)),
    "harness.listener": Floor(
        imports=(
            *_GROUND,
            *("harness.http2_connection", "harness.wire", "harness.streamed_answer", "harness.taken_connection"),
        )
    ),
    "harness.inner_listeners": Floor(imports=(*_GROUND, "harness.wire", "harness.listener")),
    "harness.account": Floor(
        imports=(*_GROUND, "harness.wire", "harness.service_request", "harness.unserved_request"),
        third_party=(*_SDK, "moto.moto_server.werkzeug_app", "moto.core.request"),
    ),
    "harness.api_exports": Floor(
        imports=(*_GROUND, "harness.wire", "harness.service_request", "harness.unserved_request", "harness.moto_state"),
        third_party=("yaml",),
    ),
    "harness.managed_kafka": Floor(imports=(*_GROUND, "harness.wire", "harness.account")),
    # The validator is what moto's API Gateway asks.
    "harness.moto_state": Floor(
        imports=(*_GROUND, "harness.wire", "harness.account"), third_party=(*_SDK, "moto", "openapi_spec_validator")
    ),
    "harness.iam": Floor(
        imports=(*_GROUND, "harness.wire", "harness.service_request", "harness.moto_state"), third_party=("botocore",)
    ),
    "harness.network": Floor(imports=(*_GROUND, "harness.wire", "harness.service_request", "harness.moto_state")),
    "harness.runtime": Floor(imports=_BELOW_RUNTIME, third_party=("awslambdaric",)),
    "harness.runtime.inside": Floor(third_party=("awslambdaric", *_SDK), scripts=True),
    "harness.invocation": Floor(imports=_BELOW_INVOCATION),
    "harness.durable": Floor(imports=_BELOW_DURABLE),
    # The service's model tells how requests and responses look.
    "harness.lambda_service": Floor(imports=_BELOW_LAMBDA_SERVICE, third_party=("botocore",)),
    # A service's model tells how its requests look; keys of tokens are RSA's; models of REST APIs are JSON Schema.
    # `airspeed` reads mapping templates, `graphql` operations and schemas.
    "harness.routing": Floor(
        imports=_BELOW_EVENTS,
        third_party=("airspeed", "botocore", "cryptography", "graphql", "jsonschema", "referencing", "websockets"),
    ),
    # `jsonata` evaluates expressions of state machines; an AppSpec file is YAML.
    "harness.delivery": Floor(imports=_BELOW_EVENTS, third_party=(*_SDK, "jsonata", "yaml")),
    "harness.event_source_mapping": Floor(imports=_BELOW_EVENTS, third_party=_SDK),
    "harness.deployment": Floor(
        imports=(*_BELOW_DEPLOYMENT, "harness.api_exports", "assembly"),
        third_party=(*_SDK, "jmespath", "samtranslator", "yaml"),
    ),
    "harness.access": Floor(imports=_BELOW_RUNTIME),
    "harness.guards": Floor(imports=(*_BELOW_SERVER, "harness.access")),
    "harness.launching": Floor(imports=(*_BELOW_RUNTIME, "harness.runtime")),
    "harness.event_sources": Floor(imports=_BELOW_DEPLOYMENT),
    "harness.rest_doors": Floor(imports=(*_BELOW_EVENTS, "harness.routing", "harness.access")),
    "harness.socket_doors": Floor(imports=(*_BELOW_EVENTS, "harness.routing", "harness.access")),
    "harness.distribution_maker": Floor(imports=(*_BELOW_EVENTS, "harness.routing", "harness.access")),
    "harness.content_doors": Floor(imports=(*_BELOW_SERVER, "harness.access", "harness.distribution_maker")),
    "harness.graphql_doors": Floor(imports=(*_BELOW_SERVER, "harness.access")),
    "harness.front_doors": Floor(
        imports=(
            *_BELOW_SERVER,
            "harness.access",
            "harness.content_doors",
            "harness.graphql_doors",
            "harness.rest_doors",
            "harness.socket_doors",
        )
    ),
    "harness.control": Floor(imports=(*_BELOW_SERVER, "harness.drain")),
    "harness.endpoint": Floor(imports=(*_BELOW_SERVER, "harness.unserved_request", "harness.access")),
    "harness.input_bounds": Floor(imports=_BELOW_EVENTS),
    "harness.service_fronts": Floor(imports=(*_BELOW_SERVER, "harness.input_bounds", "harness.managed_kafka")),
    "harness.server": Floor(
        imports=(
            *_BELOW_SERVER,
            *("harness.certificates", "harness.drain", "harness.control", "harness.endpoint"),
            *("harness.api_exports", "harness.service_fronts"),
            *("harness.access", "harness.event_sources", "harness.front_doors", "harness.guards", "harness.launching"),
        )
    ),
    "harness.__main__": Floor(imports=(*_GROUND, "harness.options", "harness.server")),
    "harness": Floor(imports=("records",)),
    # Floor 3: the parent's side of the compiler, and the child's, which alone loads the CDK.
    "compiler": Floor(imports=(*_GROUND, "spec")),
    **dict.fromkeys(
        _CHILD_SIDE, Floor(imports=(*_GROUND, "spec", "constructs", "compiler", *_CHILD_SIDE), third_party=_CDK)
    ),
    # Floor 4: the caller's side.
    "session": Floor(imports=(*_GROUND, "spec", "assembly", "compiler"), third_party=(*_SDK, "httpx")),
    "reports": Floor(imports=(*_GROUND, "spec", "assembly", "compiler"), third_party=(*_SDK, "httpx")),
    "sam": Floor(imports=(*_GROUND, "spec")),
    # Floor 5: the surfaces.
    "cli": Floor(imports=("*",), refuses=("constructs", *_CHILD_SIDE), third_party=("typer", "rich", "httpx")),
    "pytest_plugin": Floor(imports=("*",), refuses=("constructs", *_CHILD_SIDE), third_party=("pytest",)),
    "__main__": Floor(imports=("cli",)),
    "": Floor(imports=("names_on_demand", "errors", "constructs", "session")),
}


def floor_violations(root: Path, floors: Mapping[str, Floor] = FLOORS) -> list[str]:
    """Each import that `floors` does not allow, as `file:line: what is wrong`.

    root: the directory that holds `lambdakit/`.
    """
    files = {_module_name(path, root): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    found = []
    for module, path in files.items():
        row = _row(module, floors)
        where = path.relative_to(root).as_posix()
        if row is None:
            found.append(f"{where}:1: no row of the table of floors covers {module}")
            continue
        for line, target in _imports(path, module, frozenset(files)):
            if not _allowed(target, row, floors, path):
                found.append(f"{where}:{line}: {row or PACKAGE} may not import {target}")
    return list(dict.fromkeys(found))


def _allowed(target: str, row: str, floors: Mapping[str, Floor], path: Path) -> bool:
    floor = floors[row]
    if _is_below(target, PACKAGE):
        target_row = _row(target, floors)
        if target_row == row:
            return True
        if "*" in floor.imports:
            return target_row not in floor.refuses
        return target_row in floor.imports
    if target.partition(".")[0] in sys.stdlib_module_names:
        return True
    if floor.scripts and path.with_name(f"{target}.py").is_file():
        return True
    return any(_is_below(target, module) for module in floor.third_party)


def _row(module: str, floors: Mapping[str, Floor]) -> str | None:
    """The longest row that covers `module`; None without one."""
    name = module.removeprefix(PACKAGE).removeprefix(".")
    if not name:
        return "" if "" in floors else None
    covering = [row for row in floors if row and _is_below(name, row)]
    return max(covering, key=len, default=None)


def _imports(path: Path, module: str, modules: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Line and module of each import; `from package import name` is the module of that name where there is one."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=base, names=names, level=level):
                source = _absolute(base or "", package, level)
                for alias in names:
                    full = f"{source}.{alias.name}"
                    yield node.lineno, full if full in modules or not _is_below(source, PACKAGE) else source
            case ast.Call(func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__")):
                if node.args and isinstance(node.args[0], ast.Constant):
                    yield node.lineno, str(node.args[0].value)


def _absolute(module: str, package: str, level: int) -> str:
    if level == 0:
        return module
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])


def _module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")
