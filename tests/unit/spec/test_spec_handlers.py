"""Handlers that real projects write, and of which nothing is to be said: what cannot be judged is not refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambdakit.errors import DocumentError
from lambdakit.spec.document import load

_DOCUMENT = """
application: shop
functions:
  one: {{code: src, runtime: {runtime}, handler: {handler}{more}}}
"""


def _refused(directory: Path, files: dict[str, str], *, runtime: str, handler: str, more: str = "") -> str:
    for name, text in {"src/.keep": "", **files}.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    document = directory / "lambdakit.yaml"
    document.write_text(_DOCUMENT.format(runtime=runtime, handler=handler, more=more))
    try:
        load(document)
    except DocumentError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "from other import handler",
        "import other as handler\n\nOTHER = 1",
        "from other import *\n\nOTHER = 1",
        "for handler in [print]: pass",
        "try:\n    from fast import handler\nexcept ImportError:\n    handler = None",
        "def install():\n    globals()['handler'] = print\n\ninstall()",
        "import sys\n\ndef install():\n    setattr(sys.modules[__name__], 'handler', print)\n\ninstall()",
        "from lazy import __getattr__\n\nOTHER = 1",
        "import lazy\n\nlazy.names.__dict__['x'] = 1",
        "match [1, 2]:\n    case [*handler]: pass",
        "def other(value=(handler := print)): ...",
        "class Handler:\n    def __call__(self, event, context): ...\n\nhandler = Handler()",
        "def broken(:",
    ],
)
def test_python_modules_that_may_define_it(text: str, tmp_path: Path) -> None:
    assert _refused(tmp_path, {"src/app.py": text}, runtime="python3.13", handler="app.handler") == ""


def test_python_takes_the_package_before_the_file_of_its_name(tmp_path: Path) -> None:
    files = {"src/app.py": "def other(): ...\n", "src/app/__init__.py": "def handler(event, context): ...\n"}

    assert _refused(tmp_path, files, runtime="python3.13", handler="app.handler") == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.js", "module.exports = {...require('./a'), ...require('./b')}"),
        ("app.js", "const lib = require('./lib'); module.exports = lib"),
        ("app.js", "Object.assign(module.exports, require('./lib'))"),
        ("app.js", "module.exports = new App()"),
        ("app.js", "for (const k of keys) exports[k] = make(k)"),
        ("app.js", "0&&(module.exports={a:1});var x=1;"),
        ("app.mjs", "export * from './lib.mjs'"),
        ("app.mjs", "export default {}"),
        ("app/index.js", "exports.other = 1"),
        ("node_modules/app/index.js", "exports.other = 1"),
        ("app.ts", "export const other = 1"),
        ("readme.md", "to be built"),
    ],
)
def test_node_modules_that_may_export_it(name: str, text: str, tmp_path: Path) -> None:
    files = {f"src/{name}": text}

    assert _refused(tmp_path, files, runtime="nodejs22.x", handler="app.handler") == ""


@pytest.mark.parametrize(
    ("runtime", "handler"),
    [
        ("python3.13", "datadog_lambda.handler.handler"),
        ("nodejs22.x", "/opt/nodejs/node_modules/datadog-lambda-js/handler.handler"),
        ("nodejs22.x", "wrapped.handler"),
    ],
)
def test_layers_that_are_laid_over_may_hold_it(runtime: str, handler: str, tmp_path: Path) -> None:
    files = {"src/app.js": "exports.other = 1", "src/app.py": "def other(): ...\n"}
    layers = 'overrides: {.: {Layers: ["arn:aws:lambda:us-east-1:464622532012:layer:Datadog:1"]}}'

    assert _refused(tmp_path, files, runtime=runtime, handler=handler, more=f", {layers}") == ""


@pytest.mark.parametrize(
    ("runtime", "name", "text"),
    [
        ("python3.13", "app.py", "def other(event, context): ...\n"),
        ("nodejs22.x", "app.js", "exports.other = async () => 1"),
        ("nodejs22.x", "app.mjs", "export const other = async () => 1"),
        ("nodejs22.x", "index.js", "exports.handler = async () => 1"),
    ],
)
def test_what_is_certainly_missing_is_told(runtime: str, name: str, text: str, tmp_path: Path) -> None:
    told = _refused(tmp_path, {f"src/{name}": text}, runtime=runtime, handler="app.handler")

    assert "LK138" in told
