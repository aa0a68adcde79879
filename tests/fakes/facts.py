"""Facts about AWS Lambda as rows: a sentence, its source, a function that shows it, and what is to be seen.

All rows of a table are deployed together, so that each costs a cold start and no more. `LAMBDAKIT_TESTS_SANDBOX=off`
runs them on the host as it is.
"""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lambdakit import Harness
from lambdakit.session.deployment import Deployment
from lambdakit.session.functions import DeployedFunction
from lambdakit.session.results import InvocationResult
from lambdakit.trace import RuntimeNote
from tests.fakes.plain_assembly import Resources, asset_code, published, write_stacks

_PLATFORM_LINE = re.compile(
    r"(START|END|REPORT) RequestId: |INIT_START |INIT_REPORT |RequestId: \S+ Error: |Runtime\.\w+$"
    r'|\S+ \S+ Task timed out|\{"time":"[^"]+","type":"platform\.'
)


_WARM_UP = "WarmUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a row's calls, in order."""

    results: Sequence[InvocationResult]

    @property
    def last(self) -> InvocationResult:
        """The last call's result."""
        return self.results[-1]

    @property
    def payload(self) -> Any:
        """The last call's answer. AssertionError when the function failed."""
        assert self.last.function_error is None, (
            f"the function failed: {self.last.raw_payload[:500]!r}\n{self.last.log}"
        )
        return self.last.payload

    @property
    def payloads(self) -> list[Any]:
        """Every call's answer, error objects included."""
        return [result.payload for result in self.results]

    @property
    def error(self) -> Any:
        """The last call's error object. AssertionError when the function succeeded."""
        assert self.last.function_error == "Unhandled", f"the function succeeded: {self.last.raw_payload[:500]!r}"
        return self.last.payload

    @property
    def fault(self) -> tuple[str, str]:
        """Type and text of the last call's error, without the request id that the platform's texts begin with."""
        error = self.error
        return error["errorType"], error["errorMessage"].removeprefix(f"RequestId: {self.last.request_id} Error: ")

    @property
    def lines(self) -> list[str]:
        """What the function itself wrote during the last call."""
        return [line for line in self.log if line and not _PLATFORM_LINE.match(line)]

    @property
    def log(self) -> list[str]:
        """Every line of the last call."""
        return self.last.log.splitlines()

    @property
    def report(self) -> str:
        """The last call's REPORT line."""
        return next(line for line in self.log if line.startswith("REPORT"))

    @property
    def records(self) -> list[Any]:
        """The last call's lines that are JSON objects."""
        return [json.loads(line) for line in self.log if line.startswith("{")]

    def record(self, kind: str) -> Any:
        """The platform's record of a kind, `start` or `report`; None when there is none."""
        return next((item["record"] for item in self.records if item.get("type") == f"platform.{kind}"), None)


Check = Callable[[Seen], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One row.

    says: the fact, as a sentence. source: where AWS says so, by the keys of its guide, its API or its own code.
    code: the function's one file, or its files by name. expect: the last answer, or what must hold of what was seen.
    calls: one event per call, in order. properties: of the function in the template.
    layers: the files of each. invoke: further arguments of each call. is_published: with version and alias, `live`.
    needs_sandbox: whether a function on the host as it is cannot show it. takes_time: started ahead, in a thread of its
    own, as a time-out stands still for seconds.
    """

    says: str
    source: str
    code: str | Mapping[str, str]
    expect: object
    calls: tuple[object, ...] = ({},)
    properties: Mapping[str, Any] = field(default_factory=dict)
    layers: Sequence[Mapping[str, str]] = ()
    invoke: Mapping[str, Any] = field(default_factory=dict)
    is_published: bool = False
    needs_sandbox: bool = False
    takes_time: bool = False

    def __str__(self) -> str:
        return self.says.replace(" ", "-")


def error(error_type: str, message: str) -> Check:
    """The last call failed with this type and text."""
    return lambda seen: seen.fault == (error_type, message)


def python(body: str, *, before: str = "") -> str:
    """A Python file whose handler has `body`. before: what stands above the handler."""
    imports = "import json, os, signal, sys, threading, time"
    handler = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return f"{imports}\n{textwrap.dedent(before)}\ndef handler(event, context):\n{handler}\n"


class FactTable:
    """A deployed table."""

    def __init__(self, deployment: Deployment, facts: Sequence[Fact], *, is_sandboxed: bool) -> None:
        self.deployment = deployment
        self._is_sandboxed = is_sandboxed
        self._names = {fact.says: _name(number) for number, fact in enumerate(facts)}
        slow = [fact for fact in facts if fact.takes_time and (is_sandboxed or not fact.needs_sandbox)]
        self._threads = ThreadPoolExecutor(max_workers=max(1, len(slow)), thread_name_prefix="slow-fact")
        self._ahead = {fact.says: self._threads.submit(self._call, fact) for fact in slow}

    def close(self) -> None:
        """Waits for the calls that were started ahead."""
        self._threads.shutdown()

    def function(self, fact: Fact) -> DeployedFunction:
        """The row's function."""
        return self.deployment.function(self._names[fact.says])

    def see(self, fact: Fact) -> Seen:
        """What came of one call of the row's function per event."""
        return self._ahead[fact.says].result() if fact.says in self._ahead else self._call(fact)

    def _call(self, fact: Fact) -> Seen:
        function = self.function(fact)
        return Seen(results=[function.invoke(event, **fact.invoke) for event in fact.calls])

    def check(self, fact: Fact) -> None:
        """AssertionError, with fact, source and all that was seen, when the row does not hold."""
        if fact.needs_sandbox and not self._is_sandboxed:
            pytest.skip("this machine allows no sandbox, or none is asked for")
        seen = self.see(fact)
        told = "\n".join(f"{result.raw_payload[:2000]!r}\n{result.log[-4000:]}" for result in seen.results)
        where = f"{fact.says} [{fact.source}]\n{told}"
        if callable(fact.expect):
            assert fact.expect(seen), where
        else:
            assert seen.payload == fact.expect, where


@contextmanager
def deployed_facts(directory: Path, facts: Sequence[Fact]) -> Iterator[FactTable]:
    """A table in a harness of its own, for as long as the block lasts."""
    assert len({fact.says for fact in facts}) == len(facts), "two rows say the same"
    out = directory / "cdk.out"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    resources: Resources = {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}},
        }
    }
    assets: dict[str, Path] = {}
    resources |= _resources(_WARM_UP, Fact(says="", source="", code=python("pass"), expect=None), out, assets)
    for number, fact in enumerate(facts):
        resources |= _resources(_name(number), fact, out, assets)
    assembly = write_stacks(out, {"facts": {"Resources": resources}}, assets=assets)
    with Harness(sandbox="off" if os.environ.get("LAMBDAKIT_TESTS_SANDBOX") == "off" else "auto") as harness:
        deployment = harness.deploy(assembly)
        # The first start of all warms a parent up, and tells whether there is a sandbox.
        deployment.function(_WARM_UP).invoke()
        notes = [event.note for event in harness.trace.events if isinstance(event, RuntimeNote)]
        with closing(FactTable(deployment, facts, is_sandboxed=not any("sandbox" in n for n in notes))) as table:
            yield table


def _name(number: int) -> str:
    return f"Fact{number:03}"


def _resources(name: str, fact: Fact, out: Path, assets: dict[str, Path]) -> Resources:
    properties: dict[str, Any] = {
        "FunctionName": name,
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "MemorySize": 256,
        "Timeout": 20,
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        **fact.properties,
    }
    resources: Resources = {name: {"Type": "AWS::Lambda::Function", "Properties": properties}}
    if isinstance(fact.code, str):
        properties["Code"] = {"ZipFile": textwrap.dedent(fact.code)}
    else:
        properties["Code"] = asset_code(_asset(f"{name}.zip", fact.code, out, assets))
    for number, files in enumerate(fact.layers):
        layer = f"{name}Layer{number}"
        content = asset_code(_asset(f"{layer}.zip", files, out, assets))
        resources[layer] = {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": content}}
        properties.setdefault("Layers", []).append({"Ref": layer})
    return resources | published(name) if fact.is_published else resources


def _asset(key: str, files: Mapping[str, str], out: Path, assets: dict[str, Path]) -> str:
    directory = out / f"asset.{key.removesuffix('.zip')}"
    for file, text in files.items():
        path = directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        if text.startswith("#!"):
            path.chmod(0o755)
    assets[key] = directory
    return key
