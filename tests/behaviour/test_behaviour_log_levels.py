"""Which of the lines that a function prints itself reach its log: a row per line and level.

DG is the AWS Lambda Developer Guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.fakes.facts import Check, Fact, FactTable, deployed_facts, python

pytestmark = pytest.mark.xdist_group("behaviour-log-levels")

_LEVELS = "DG, Log-level filtering"
_TIME = "2024-11-02T16:51:31.587199Z"


def _json(level: str | None = None) -> dict[str, Any]:
    return {"LoggingConfig": {"LogFormat": "JSON", **({"ApplicationLogLevel": level} if level else {})}}


def _line(level: str | None, **more: object) -> dict[str, object]:
    return {**({} if level is None else {"level": level}), "timestamp": _TIME, "say": str(level), **more}


def _prints(*lines: Mapping[str, object]) -> str:
    return "".join(f"print({json.dumps(line)!r})\n" for line in lines)


def _said(*wanted: str) -> Check:
    """The function's own lines that are there, by what they `say`, in order."""
    return lambda seen: [item["say"] for item in seen.records if "say" in item] == list(wanted)


_ALL = _prints(*(_line(level) for level in ("trace", "DEBUG", "info", "warn", "WARNING", "error", "fatal", "CRITICAL")))

FACTS = (
    *(
        Fact(
            says=f"a printed JSON line is sent from its level up at {level}",
            source=_LEVELS,
            code=python(_ALL),
            properties=_json(level),
            expect=_said(*shown.split()),
        )
        for level, shown in (
            ("TRACE", "trace DEBUG info warn WARNING error fatal CRITICAL"),
            ("DEBUG", "DEBUG info warn WARNING error fatal CRITICAL"),
            (None, "info warn WARNING error fatal CRITICAL"),
            ("WARN", "warn WARNING error fatal CRITICAL"),
            ("ERROR", "error fatal CRITICAL"),
            ("FATAL", "fatal CRITICAL"),
        )
    ),
    Fact(
        says="text logs are not filtered",
        source=_LEVELS,
        code=python(_prints(_line("debug"), _line(None))),
        expect=_said("debug", "None"),
    ),
    *(
        Fact(
            says=f"a printed JSON line with {what} is one of INFO at {level}",
            source=_LEVELS,
            code=python(_prints(line)),
            properties=_json(level),
            expect=_said(*(["kept"] if level == "INFO" else [])),
        )
        for what, line in (
            ("no level", _line(None, say="kept")),
            ("an unknown level", _line("loud", say="kept")),
            ("a level that is no text", {**_line(None, say="kept"), "level": 50}),
            ("no timestamp", {"level": "error", "say": "kept"}),
            ("no timestamp and a low level", {"level": "debug", "say": "kept"}),
            ("a timestamp of another form", _line("error", timestamp="Sat Nov 2 2024", say="kept")),
            ("a timestamp that is a number", _line("error", timestamp=1730566291, say="kept")),
            ("a timestamp without a zone", _line("error", timestamp="2024-11-02T16:51:31", say="kept")),
        )
        for level in ("INFO", "WARN")
    ),
    *(
        Fact(
            says=f"the timestamp may be called {key}",
            source=_LEVELS,
            code=python(_prints({"level": "warn", key: "2024-11-02T17:51:31+01:00", "say": "kept"})),
            properties=_json("WARN"),
            expect=_said("kept"),
        )
        for key in ("timestamp", "time", "@timestamp")
    ),
    Fact(
        says="what a child writes to standard error is filtered as well",
        source=_LEVELS,
        code=python(f"os.system('''echo '{json.dumps(_line('debug'))}' >&2''')\nos.system('echo end >&2')"),
        properties=_json(),
        expect=lambda seen: _said()(seen) and "end" in seen.log,
    ),
    Fact(
        says="a level that the code sets for a logger counts",
        source=_LEVELS,
        code=python("import logging\nlog = logging.getLogger('own')\nlog.setLevel('DEBUG')\nlog.debug('heard')"),
        properties=_json("ERROR"),
        expect=lambda seen: [item["message"] for item in seen.records if item.get("level") == "DEBUG"] == ["heard"],
    ),
    Fact(
        says="an embedded metric and what is no JSON object are left alone",
        source="not confirmed by a page",
        code=python(
            _prints({"_aws": {"Timestamp": 1}, "say": "metric"}) + "print('text')\nprint('{ no')\nprint('[1]')"
        ),
        properties=_json("FATAL"),
        expect=lambda seen: seen.lines == ['{"_aws": {"Timestamp": 1}, "say": "metric"}', "text", "{ no", "[1]"],
    ),
    Fact(
        says="a line that is nested without end is left alone",
        source="not confirmed by a page",
        code=python("print('{\"a\":' + '[' * 100_000 + ']' * 100_000 + '}')\nreturn 'here'"),
        properties=_json("FATAL"),
        expect="here",
    ),
    Fact(
        says="Node.js has what is written past the console filtered",
        source=_LEVELS,
        code=(
            "exports.handler = async () => { for (const level of ['debug', 'error']) process.stdout.write("
            f"JSON.stringify({{ level, timestamp: '{_TIME}', say: level }}) + '\\n'); }};"
        ),
        properties={**_json("WARN"), "Runtime": "nodejs22.x"},
        expect=_said("error"),
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactTable]:
    with deployed_facts(tmp_path_factory.mktemp("facts"), FACTS) as deployed:
        yield deployed


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_a_fact_of_log_levels(table: FactTable, fact: Fact) -> None:
    table.check(fact)
