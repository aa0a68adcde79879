"""The AWS SDK for JavaScript: which functions need it, how it comes into the cache, and what a function sees of it.

Source: AWS Lambda Developer Guide (DG), "Building Lambda functions with Node.js", section "Runtime-included SDK
versions".
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambdakit.harness.runtime import node_sdk
from lambdakit.harness.runtime.bundled_node import BundledNode, bundled_node
from lambdakit.harness.runtime.code_package import CodeStore
from lambdakit.harness.runtime.node_imports import sdk_imports
from lambdakit.harness.runtime.node_sdk import NodeSdk, sdk_packages
from lambdakit.harness.runtime.package_cache import PackagesUnavailable
from lambdakit.harness.runtime.runtimes.registry import Runtimes
from tests.fakes.function_host import FunctionHost, error_of, json_of
from tests.fakes.node_functions import BOTH, node_function

LOCK = Path(node_sdk.__file__).with_name("node_sdk") / "package-lock.json"
S3 = "@aws-sdk/client-s3"
DURABLE = "@aws/durable-execution-sdk-js"


def write(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


class TestImports:
    @pytest.mark.parametrize(
        ("files", "names", "computed"),
        [
            pytest.param({"app.js": f"require('{S3}')"}, {S3}, False, id="require"),
            pytest.param({"app.js": f'const s=__require( "{S3}" )'}, {S3}, False, id="require-of-a-bundler"),
            pytest.param({"app.mjs": f"import * as s3 from '{S3}'"}, {S3}, False, id="import"),
            pytest.param({"app.mjs": f'import{{S3Client as a}}from"{S3}";'}, {S3}, False, id="minified"),
            pytest.param({"app.mjs": f"await import('{S3}')"}, {S3}, False, id="import-later"),
            pytest.param({"app.mjs": f"export * from '{S3}'"}, {S3}, False, id="export"),
            pytest.param({"lib/deep/a.cjs": f"require('{S3}/dist-cjs/x')"}, {S3}, False, id="a-file-in-it"),
            pytest.param({"app.js": "require(`@aws-sdk/client-${name}`)"}, {"@aws-sdk/client-"}, True, id="computed"),
            pytest.param({"app.js": "const scope = '@aws-sdk/';"}, set(), True, id="put-together-elsewhere"),
            pytest.param({"app.js": f"require('{S3}')", f"node_modules/{S3}/a.js": ""}, set(), False, id="brought"),
            pytest.param({"app.js": f"require('{DURABLE}')"}, {DURABLE}, False, id="durable"),
            pytest.param({"a.js": f"import '{DURABLE}/x'", f"node_modules/{DURABLE}/i.js": ""}, set(), False, id="own"),
            pytest.param({"app.js": f"require('{DURABLE}-testing')"}, set(), False, id="durable-for-tests"),
            pytest.param({"app.js": "// uses the SDK"}, set(), False, id="none"),
            pytest.param({"README.md": f"require('{S3}')"}, set(), False, id="no-code"),
            pytest.param({"node_modules/x/i.js": f"require('{S3}')"}, {S3}, False, id="a-dependency-does"),
        ],
    )
    def test_what_the_runtime_has_to_provide(
        self, tmp_path: Path, files: dict[str, str], names: set[str], computed: bool
    ) -> None:
        found = sdk_imports([write(tmp_path, files)])

        assert (set(found.names), found.computed) == (names, computed)

    def test_a_layer_may_bring_it(self, tmp_path: Path) -> None:
        """DG/packaging-layers."""
        package = write(tmp_path / "package", {"app.js": f"require('{S3}')"})
        layer = write(tmp_path / "layer", {f"nodejs/node_modules/{S3}/index.js": ""})

        assert sdk_imports([package, layer]).names == frozenset()


class TestLock:
    def test_every_package_is_pinned_by_its_hash_and_none_names_a_registry(self) -> None:
        packages = json.loads(LOCK.read_text())["packages"]

        own = packages.pop("")
        assert all(re.fullmatch(r"sha512-\S+", package["integrity"]) for package in packages.values())
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in own["dependencies"].values())
        assert not re.search(r"https?://", LOCK.read_text())

    def test_what_applications_use_most_is_in_it(self) -> None:
        clients = ["dynamodb", "s3", "sqs", "sns", "lambda", "eventbridge", "kinesis", "firehose", "secrets-manager"]
        clients += ["ssm", "sts", "sfn", "ses", "cloudformation", "cloudwatch-logs", "apigatewaymanagementapi"]

        assert {f"@aws-sdk/client-{client}" for client in clients} <= sdk_packages()
        assert {"@aws-sdk/lib-dynamodb", "@aws-sdk/util-dynamodb", "@aws-sdk/lib-storage"} <= sdk_packages()


class TestInstallation:
    @pytest.fixture
    def node(self, tmp_path: Path) -> BundledNode:
        """A Node.js that does what npm would, and counts."""
        return self.made(tmp_path, "echo run >> $0.runs; mkdir -p node_modules/@aws-sdk/a/dist-es; "
                         "touch node_modules/@aws-sdk/a/index.js node_modules/@aws-sdk/a/index.d.ts")  # fmt: skip

    def made(self, tmp_path: Path, script: str) -> BundledNode:
        node = BundledNode(prefix=tmp_path / "node", version="24.0.0")
        node.executable.parent.mkdir(parents=True)
        node.executable.write_text(f"#!/bin/sh\n{script}\n")
        node.executable.chmod(0o755)
        return node

    def test_it_is_installed_once_and_without_what_no_function_reads(self, tmp_path: Path, node: BundledNode) -> None:
        # given: several harnesses that want it at once
        found: list[Path] = []
        sdks = [NodeSdk(tmp_path / "cache", fallback=tmp_path / "other") for _ in range(4)]
        threads = [threading.Thread(target=lambda sdk=sdk: found.append(sdk.install(node))) for sdk in sdks]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(found)) == 1
        assert Path(f"{node.executable}.runs").read_text() == "run\n"
        modules = found[0] / "node_modules"
        assert [str(path.relative_to(modules)) for path in modules.rglob("*")] == [
            "@aws-sdk",
            "@aws-sdk/a",
            "@aws-sdk/a/index.js",
        ]
        assert sdks[0].installed == found[0]

    def test_a_failure_says_why_leaves_nothing_and_is_not_repeated(self, tmp_path: Path) -> None:
        said = "echo 'npm error code E404' >&2; echo 'npm error no such' >&2"
        node = self.made(tmp_path, f"echo run >> $0.runs; mkdir node_modules; {said}; exit 1")
        sdk = NodeSdk(tmp_path / "cache", fallback=tmp_path / "other")

        for _ in range(2):
            with pytest.raises(PackagesUnavailable, match=r"^no such$"):
                sdk.install(node)

        assert sdk.installed is None
        assert Path(f"{node.executable}.runs").read_text() == "run\n"
        assert [path for path in (tmp_path / "cache" / "images").iterdir() if path.is_dir()] == []

    def test_a_cache_that_cannot_be_written_has_a_stand_in(self, tmp_path: Path, node: BundledNode) -> None:
        (tmp_path / "cache").write_text("a file")
        sdk = NodeSdk(tmp_path / "cache", fallback=tmp_path / "other")

        assert sdk.install(node).is_relative_to(tmp_path / "other")
        assert sdk.installed is not None


class TestNotes:
    @pytest.fixture
    def offline(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runtimes:
        """Runtimes with an empty cache, on a machine that reaches no registry."""
        monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        return Runtimes(tmp_path / "cache", fallback=tmp_path / "other", code=CodeStore(tmp_path / "store"))

    def notes(self, host: FunctionHost, runtimes: Runtimes, source: str) -> tuple[str, ...]:
        function = node_function(host, source)
        return runtimes.family(function).prepare(function).notes

    def test_without_a_registry_a_function_that_needs_it_is_told(self, host: FunctionHost, offline: Runtimes) -> None:
        (note,) = self.notes(host, offline, f"import '{S3}'; export const handler = () => 1;")

        assert note.startswith("runs without the AWS SDK that AWS's runtime carries: it could not be installed (")
        assert note.endswith("; `lambdakit runtimes install nodejs24.x` tries again")

    def test_without_a_registry_one_that_does_not_is_not(self, host: FunctionHost, offline: Runtimes) -> None:
        assert self.notes(host, offline, "export const handler = () => 1;") == ()

    def test_a_client_that_only_aws_has_is_named(self, host: FunctionHost, offline: Runtimes) -> None:
        (note,) = self.notes(host, offline, "import '@aws-sdk/client-groundstation';")

        assert "imports @aws-sdk/client-groundstation" in note


@pytest.fixture
def installed(runtimes: Runtimes, host: FunctionHost) -> None:
    """The real one; without a registry there is nothing to test."""
    function = node_function(host, f"import '{S3}';", name="needs-the-sdk")
    if notes := runtimes.family(function).prepare(function).notes:
        pytest.skip(notes[0])


# Each runtime and each way of loading once; hundreds of packages take their time.
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("runtime", "load"),
    [
        (BOTH[-1], "import"),
        (BOTH[0], "require"),
        pytest.param(BOTH[-1], "require", marks=pytest.mark.exhaustive),
        pytest.param(BOTH[0], "import", marks=pytest.mark.exhaustive),
    ],
)
def test_every_package_loads(host: FunctionHost, runtime: str, load: str) -> None:
    names = list(json.loads(LOCK.read_text())["packages"][""]["dependencies"])
    source = {
        "import": {
            "app.mjs": f"import '{S3}'; export const handler = async (n) => Object.keys(await import(n)).length;"
        },
        "require": {"app.cjs": f"require('{S3}'); exports.handler = async (n) => Object.keys(require(n)).length;"},
    }
    function = node_function(host, source[load], runtime=runtime, memory_mib=1024, timeout_seconds=60)

    assert [name for name in names if json_of(host.invoke(function, name)) == 0] == []


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("runtime", BOTH)
class TestFunctions:
    def test_a_client_finds_region_credentials_and_endpoint(self, host: FunctionHost, runtime: str) -> None:
        source = """
        import { SQSClient, ListQueuesCommand } from '@aws-sdk/client-sqs';
        const client = new SQSClient({});
        export const handler = async () => {
          const { $metadata } = await client.send(new ListQueuesCommand({}));
          const { accessKeyId } = await client.config.credentials();
          const own = accessKeyId === process.env.AWS_ACCESS_KEY_ID;
          return [await client.config.region(), own, $metadata.httpStatusCode];
        };
        """
        host.gates.open("")

        assert json_of(host.invoke(node_function(host, source, runtime=runtime))) == ["us-east-1", True, 200]

    def test_the_package_s_own_version_wins(self, host: FunctionHost, runtime: str) -> None:
        files = {
            "app.mjs": f"import {{ origin }} from '{S3}'; import '@aws-sdk/client-sqs'; "
            "export const handler = async () => origin;",
            f"node_modules/{S3}/package.json": '{"main": "index.js"}',
            f"node_modules/{S3}/index.js": "exports.origin = 'package';",
        }

        assert json_of(host.invoke(node_function(host, files, runtime=runtime))) == "package"

    def test_a_client_that_only_aws_has_is_not_found(self, host: FunctionHost, runtime: str) -> None:
        function = node_function(host, {"app.cjs": "require('@aws-sdk/client-groundstation')"}, runtime=runtime)

        assert error_of(host.invoke(function))["errorType"] == "Runtime.ImportModuleError"


def test_the_bundled_node_is_found_with_its_npm() -> None:
    node = bundled_node()

    assert node.npm.is_file()
    assert node.major >= 24
