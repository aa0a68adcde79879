"""The durable execution SDK for Python: which functions take it from their runtime, and what they are told without it.

Source: AWS Lambda Developer Guide, "Supported runtimes for durable functions", "Lambda managed runtimes".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.python_imports import needs_durable_sdk
from lambdakit.harness.runtime.runtime_image import cache_directory
from lambdakit.harness.runtime.runtimes.registry import Runtimes

SDK = "aws_durable_execution_sdk_python"
IMPORT = f"from {SDK} import durable_execution\n"


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        ({"app.py": IMPORT}, True),
        ({"app.py": f"import {SDK}.config as config\n"}, True),
        ({"app.py": f"import os\n\ndef handler(event, context):\n    import {SDK}\n"}, True),
        ({"src/deep/flow.py": IMPORT}, True),
        ({"app.py": f"# without {SDK}\nimport os\n"}, False),
        ({"app.py": f"import {SDK}_mine\n"}, False),
        ({"app.txt": IMPORT}, False),
        ({"app.py": IMPORT, f"{SDK}/__init__.py": ""}, False),
        ({"other/app.py": IMPORT, "other-1.0.dist-info/RECORD": "other/app.py,,\n"}, True),
        (
            {
                "other/app.py": IMPORT,
                "other-1.0.dist-info/METADATA": "Name: other\nVersion: 1.0\n",
                "other-1.0.dist-info/RECORD": "other/app.py,,\n",
            },
            False,
        ),
    ],
    ids=["from", "import", "later", "deep", "a-comment", "another", "no-code", "brought", "no-record", "installed"],
)
def test_code_that_imports_it_and_does_not_bring_it(tmp_path: Path, files: Mapping[str, str], needed: bool) -> None:
    assert needs_durable_sdk([_written(tmp_path / "code", files)]) is needed


def test_layer_may_bring_it_and_may_need_it(tmp_path: Path) -> None:
    plain, layer = (_written(tmp_path / name, {f"{name}.py": "import os\n"}) for name in ("plain", "layer"))
    importing = _written(tmp_path / "importing", {"app.py": IMPORT})
    brought = _written(tmp_path / "brought", {f"{SDK}/__init__.py": ""})

    assert needs_durable_sdk([plain, importing])
    assert not needs_durable_sdk([importing, brought])
    assert not needs_durable_sdk([plain, layer])
    assert not needs_durable_sdk([plain, tmp_path / "nowhere"])


def test_without_an_index_a_function_that_needs_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    images = tmp_path / "cache" / "images"
    images.mkdir(parents=True)
    for image in (cache_directory() / "images").glob("python3.*"):  # whatever is there but the SDK's
        if not image.name.endswith("-durable"):
            (images / image.name).symlink_to(image)
    runtimes = Runtimes(tmp_path / "cache", fallback=tmp_path / "other", code=CodeStore(tmp_path / "store"))
    function = FunctionConfiguration(
        name="flow",
        account_id="123456789012",
        region="us-east-1",
        runtime="python3.13",
        handler="app.handler",
        code=_written(tmp_path / "code", {"app.py": IMPORT}),
        role="arn:aws:iam::123456789012:role/flow",
        log_group="/aws/lambda/flow",
    )

    (note,) = runtimes.family(function).prepare(function).notes

    assert note.startswith("runs without the durable execution SDK that AWS's runtime carries: it could not be")


def _written(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root
