from __future__ import annotations

import re
from pathlib import Path

import lambdakit.spec.codes
from lambdakit.spec.codes import CODES

SPEC = Path(lambdakit.spec.codes.__file__).parent


def test_every_code_that_the_package_uses_is_explained_and_no_other() -> None:
    sources = [path for path in SPEC.rglob("*.py") if not path.name.endswith("codes.py")]

    used = {code for path in sources for code in re.findall(r'"(LK\d{3})"', path.read_text(encoding="utf-8"))}

    assert used == set(CODES)


def test_explanations_are_sentences() -> None:
    for code, explanation in CODES.items():
        assert re.fullmatch(r"LK1\d\d", code)
        assert explanation.text.endswith("."), code
        assert not explanation.title.endswith("."), code


def test_codes_are_in_order() -> None:
    assert list(CODES) == sorted(CODES)


def test_every_rule_is_registered() -> None:
    registry = (SPEC / "rules" / "registry.py").read_text(encoding="utf-8")

    rules = {path.stem for path in (SPEC / "rules").glob("*.py")} - {"__init__", "registry", "rule"}

    assert {rule for rule in rules if f"rules.{rule} import {rule}\n" in registry} == rules
    assert all(f"    {rule},\n" in registry for rule in rules)
