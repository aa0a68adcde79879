"""The Node.js runtimes: a runtime client of our own, in JavaScript, on the bundled Node.js.

AWS's client compiles C++ when it is installed. Ours, in `inside_node`, says and does the same on the same Runtime API.
Source: AWS Lambda Developer Guide, "Building Lambda functions with Node.js"; for the options of Node.js, the script
`/var/runtime/bootstrap` in AWS's base images.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from lambdakit.harness.runtime.bundled_node import bundled_node
from lambdakit.harness.runtime.function_configuration import FunctionConfiguration
from lambdakit.harness.runtime.node_imports import SDK_V2, SdkImports, sdk_imports
from lambdakit.harness.runtime.node_sdk import NodeSdk, sdk_packages
from lambdakit.harness.runtime.package_cache import PackagesUnavailable, built_in_either
from lambdakit.harness.runtime.runtimes.exec_wrapper import located_on_host, wrapped
from lambdakit.harness.runtime.runtimes.family import HostStart, Prepared, PythonInterpreter, SandboxStart

_IDENTIFIER = re.compile(r"nodejs(10|12|14|16|18|20|22|24)\.x")
_FIRST_WITH_SDK_V3 = 18
_CLIENT = Path(__file__).parents[1] / "inside_node"
# What functions import themselves; other packages of the SDK are its own affair, and some of them optional.
_CLIENT_NAME = re.compile(r"@aws-sdk/(client|lib)-[a-z0-9-]*[a-z0-9]")
_MEMORY_OPTIONS = ("max-semi-space-size", "max-old-space-size")
# DG "Building Lambda functions with Node.js": what Node.js has on by default, and Lambda turns off for these; 18 did
# not have it yet.
_EXPERIMENTS_OFF = {
    **dict.fromkeys((10, 12, 14, 16), ("require-module", "detect-module")),
    18: ("require-module", "detect-module"),
    20: ("require-module",),
    22: ("require-module", "detect-module"),
    24: (),
}


class NodeRuntime:
    """`nodejs10.x` to `nodejs24.x`, on the bundled Node.js.

    sdk: the AWS SDK that functions may import; sdk_v2: that of the runtimes up to `nodejs16.x`.
    parent: the interpreter whose fork becomes Node.js in a sandbox. cache, fallback: as in `NodeSdk`.
    """

    def __init__(
        self, sdk: NodeSdk, *, sdk_v2: NodeSdk, cache: Path, fallback: Path, parent: Callable[[], PythonInterpreter]
    ) -> None:
        self._sdk = sdk
        self._sdk_v2 = sdk_v2
        self._cache = cache
        self._fallback = fallback
        self._parent = parent
        self._imports: dict[tuple[Path, ...], SdkImports] = {}
        self._client_copy: Path | None = None

    def runs(self, configuration: FunctionConfiguration) -> bool:
        """Whether the function names a Node.js runtime."""
        return _IDENTIFIER.fullmatch(configuration.runtime) is not None

    def prepare(self, configuration: FunctionConfiguration) -> Prepared:
        """The function as it is; installs the SDK if it imports that and does not bring it."""
        node = bundled_node()
        self._client()
        imports, sdk = self._imports_of(configuration), self._sdk_of(configuration)
        carried = sdk_packages() if sdk is self._sdk else frozenset({SDK_V2})
        notes = []
        if (imports.computed and sdk is self._sdk) or imports.names & carried:
            try:
                sdk.install(node)
            except (PackagesUnavailable, OSError) as unavailable:
                notes.append(
                    f"runs without the AWS SDK that AWS's runtime carries: it could not be installed ({unavailable}); "
                    f"`lambdakit runtimes install {configuration.runtime}` tries again"
                )
        if missing := sorted(name for name in imports.names - carried if _CLIENT_NAME.fullmatch(name)):
            notes.append(
                f"imports {', '.join(missing)}, which the AWS SDK installed here does not have: add it to the package"
            )
        return Prepared(configuration=configuration, notes=tuple(notes))

    def describe(self, configuration: FunctionConfiguration) -> tuple[str, str]:
        """The interpreter, and how it differs from AWS."""
        node, major = bundled_node(), _major(configuration)
        own = f"nodejs{node.version}"
        return own, "" if node.major == major else f"runs on {own}, not on Node.js {major} as on AWS"

    def on_host(self, configuration: FunctionConfiguration) -> HostStart:
        """Node.js with paths of the host's in place of Lambda's."""
        node, client = bundled_node(), self._client()
        sdk = self._sdk_of(configuration).installed or client
        layers = [str(layer) for layer in reversed(configuration.layers)]
        runtime = [str(sdk / "node_modules"), str(client), str(configuration.code)]
        command = (str(node.executable), *_options(configuration), str(client / "index.mjs"))
        bins = [
            str(node.executable.parent),
            "/usr/local/bin",
            "/usr/bin/",
            "/bin",
            *(f"{layer}/bin" for layer in layers),
        ]
        return HostStart(
            command=wrapped(command, configuration, located_on_host(configuration)),
            runtime_directory=str(client),
            variables={
                "PATH": ":".join(bins),
                "NODE_PATH": _node_path(configuration, layers, runtime),
            },
        )

    def in_sandbox(self, configuration: FunctionConfiguration) -> SandboxStart:
        """Node.js executed by a fork that had nothing to warm up for it."""
        node, client = bundled_node(), self._client()
        binds = [(node.prefix, "/var/lang"), (client, "/var/runtime")]
        sdk = self._sdk_of(configuration).installed
        if sdk is not None:
            binds.append((sdk / "node_modules", "/var/runtime/node_modules"))
        command = ("/var/lang/bin/node", *_options(configuration), "/var/runtime/index.mjs")
        runtime = ["/var/runtime/node_modules", "/var/runtime", "/var/task"]
        return SandboxStart(
            parent=self._parent(),
            preload="nothing",
            command=wrapped(command, configuration),
            binds=tuple(binds),
            variables={"NODE_PATH": _node_path(configuration, ["/opt"], runtime)},
        )

    def _sdk_of(self, configuration: FunctionConfiguration) -> NodeSdk:
        return self._sdk if _major(configuration) >= _FIRST_WITH_SDK_V3 else self._sdk_v2

    def _client(self) -> Path:
        """A copy of the client beside an empty `node_modules`, over which the SDK can be shown."""
        if self._client_copy is None:
            self._client_copy = self._copied_client()
        return self._client_copy

    def _copied_client(self) -> Path:
        sources = sorted(_CLIENT.glob("*.mjs"))
        digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]

        def build(building: Path) -> None:
            (building / "node_modules").mkdir()
            for source in sources:
                shutil.copyfile(source, building / source.name)

        return built_in_either(self._cache, self._fallback, Path("images", f"nodejs-client-{digest}"), build)

    def _imports_of(self, configuration: FunctionConfiguration) -> SdkImports:
        """Packages do not change, and reading a large one takes a while."""
        roots = (configuration.code, *configuration.layers)
        if roots not in self._imports:
            self._imports[roots] = sdk_imports(roots)
        return self._imports[roots]


def _major(configuration: FunctionConfiguration) -> int:
    match = _IDENTIFIER.fullmatch(configuration.runtime)
    assert match is not None
    return int(match[1])


def _node_path(configuration: FunctionConfiguration, layers: list[str], runtime: list[str]) -> str:
    major = _major(configuration)
    folders = [f"{root}/nodejs/{name}" for root in layers for name in (f"node{major}/node_modules", "node_modules")]
    return ":".join([*folders, *runtime])


def _options(configuration: FunctionConfiguration) -> tuple[str, ...]:
    """What AWS starts Node.js with, but for --expose-gc (see `inside_node/index.mjs`); NODE_OPTIONS goes before it."""
    chosen = configuration.environment.get("NODE_OPTIONS", "").replace("_", "-")
    options = ["--max-http-header-size", "81920"]
    options += [
        f"--no-experimental-{name}"
        for name in _EXPERIMENTS_OFF[_major(configuration)]
        if f"--experimental-{name}" not in chosen
    ]
    if not any(name in chosen for name in _MEMORY_OPTIONS):
        young = configuration.memory_mib // 10
        options += [f"--max-semi-space-size={young // 2}", f"--max-old-space-size={configuration.memory_mib - young}"]
    return tuple(options)
