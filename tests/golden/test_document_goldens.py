"""Each case is a document with mistakes and the exact messages that it must give; environment.txt names the one asked.

`LAMBDAKIT_UPDATE_GOLDENS=1 pytest tests/golden/test_document_goldens.py` writes the messages anew; read the diff.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from lambdakit.errors import DocumentError
from lambdakit.spec.codes import CODES
from lambdakit.spec.document import load

DOCUMENTS = Path(__file__).parent / "documents"
CASES = sorted(directory.name for directory in DOCUMENTS.iterdir())
UPDATE = os.environ.get("LAMBDAKIT_UPDATE_GOLDENS") == "1"


def _too_large(project: Path) -> None:
    (project / "lambdakit.yaml").write_bytes(b"# 5 MiB of comments\n" * (5 * 1024 * 1024 // 20))


def _many_problems(project: Path) -> None:
    keys = "".join(f"setting_{number}: 1\n" for number in range(150))
    (project / "lambdakit.yaml").write_text(f"application: shop\npatterns: {{}}\n{keys}")


def _code_outside(project: Path) -> None:
    (project / "linked").symlink_to(project.parent)


# What a repository does not keep well: large files, and links out of it.
GENERATED: Mapping[str, Callable[[Path], None]] = {
    "code_outside": _code_outside,
    "many_problems": _many_problems,
    "too_large": _too_large,
}


@pytest.mark.parametrize("case", CASES)
def test_document_gives_its_messages(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    shutil.copytree(DOCUMENTS / case, project)
    orders = project / "functions" / "orders"
    orders.mkdir(parents=True)
    (orders / "app.py").write_text("def read(event, context): ...\n")
    if case in GENERATED:
        GENERATED[case](project)
    monkeypatch.chdir(project)

    asked = project / "environment.txt"
    environment = asked.read_text(encoding="utf-8").strip() if asked.is_file() else None
    with pytest.raises(DocumentError) as caught:
        load("lambdakit.yaml", environment=environment)

    messages = f"{caught.value}\n"
    expected = DOCUMENTS / case / "expected.txt"
    if UPDATE:
        expected.write_text(messages, encoding="utf-8")
    assert messages == expected.read_text(encoding="utf-8")


def test_every_code_has_a_golden_document() -> None:
    messages = "".join((DOCUMENTS / case / "expected.txt").read_text(encoding="utf-8") for case in CASES)

    assert set(re.findall(r"\[(LK\d{3})\]", messages)) == set(CODES)


def test_no_message_speaks_the_libraries_language() -> None:
    messages = "".join((DOCUMENTS / case / "expected.txt").read_text(encoding="utf-8") for case in CASES)

    assert not re.search("(?i)input should|pydantic|ruamel|valid dictionary|extra inputs|field required", messages)
