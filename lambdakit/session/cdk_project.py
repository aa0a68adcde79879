"""A CDK project: a directory whose `cdk.json` says which command writes the cloud assembly.

What the CDK CLI tells that command by environment variables, this tells it too.
Source: aws/aws-cdk-cli, `cdk.json` ("app", "build", "context") and "cdk.context.json" in the CDK Developer Guide,
"CDK CLI reference" and "Context values"; names of the variables from aws-cdk-lib 2.275, cx-api/lib/cxapi.js.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lambdakit.assembly.layer_overrides import bring_overrides
from lambdakit.assembly.look_ups import bring_look_ups
from lambdakit.compiler.child_environment import bundled_node
from lambdakit.errors import Diagnostic, SourceError, SynthesisError
from lambdakit.records import dataclass
from lambdakit.session.bundled_node import write_commands
from lambdakit.session.child_environment import with_toolchain, without_credentials

# Linux refuses a single variable of more than 128 KiB; what is longer goes through a file.
_CONTEXT_VARIABLE_BYTES: Final = 100 * 1024
_LAST_LINES: Final = 15
# A frame of a traceback, of Python or of Node.js; the code that Python shows below it; the marks below that.
_FRAME: Final = re.compile(r'\s+File "|\s+at \S')
_FRAME_CODE: Final = "    "
_MARKS: Final = re.compile(r"\s*[\^~]+\s*")
_LIBRARY: Final = re.compile(r"site-packages|node_modules|node:|/lib/python3|<frozen |/tmp\w+/lib/program\.js")

# What the CDK CLI adds to the context: paths and asset places in the templates' metadata, assets of all stacks.
_CLI_CONTEXT: Mapping[str, object] = {
    "aws:cdk:enable-path-metadata": True,
    "aws:cdk:enable-asset-metadata": True,
    "aws:cdk:version-reporting": False,
    "aws:cdk:bundling-stacks": ["**"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CdkProject:
    """A project directory, read.

    app: the command. build: what runs before it; empty for nothing.
    assembly: the assembly that `app` names instead of a command; None when it is a command.
    context: of cdk.json and cdk.context.json.
    """

    directory: Path
    app: str
    build: str
    assembly: Path | None
    context: Mapping[str, object]

    @staticmethod
    def read(directory: Path) -> CdkProject:
        """The project in `directory`. SourceError when its files cannot be read or name no command."""
        settings = _read_object(directory / "cdk.json")
        app, build = settings.get("app"), settings.get("build", "")
        if not isinstance(app, str) or not app.strip():
            given = "has no app" if app is None else f"has the app {app!r}"
            raise _unreadable(
                directory / "cdk.json",
                f"{given}: what is needed is the command that synthesizes, or the directory of an assembly",
                pointer="app",
                hint='add "app": "python app.py"',
            )
        if not isinstance(build, str):
            raise _unreadable(directory / "cdk.json", f"{build!r} is no command", pointer="build")
        context = settings.get("context", {})
        if not isinstance(context, dict):
            raise _unreadable(directory / "cdk.json", f"{context!r} is no object", pointer="context")
        looked_up = directory / "cdk.context.json"
        found = _read_object(looked_up) if looked_up.is_file() else {}
        ready = (directory / app).resolve()
        return CdkProject(
            directory=directory.resolve(),
            app=app,
            build=build,
            assembly=ready if (ready / "manifest.json").is_file() else None,
            context={**found, **context},
        )

    def synthesize(self, work: Path, *, account_id: str, region: str) -> Path:
        """The assembly that the project's command writes.

        work: an empty directory for the assembly and what the command needs.
        SynthesisError with the last lines of stderr when the command fails or writes none.
        """
        outdir = work / "cdk.out"
        node = bundled_node()
        variables = with_toolchain(
            without_credentials(os.environ), commands=write_commands(work / "commands"), node=node
        )
        # The edit-test loop needs no template validation, which takes the most part of a small app's synthesis.
        variables.setdefault("CDK_VALIDATION", "false")
        variables |= {
            "CDK_OUTDIR": str(outdir),
            "CDK_DEFAULT_ACCOUNT": account_id,
            "CDK_DEFAULT_REGION": region,
            **self._context_variables(work),
        }
        for command in (self.build, self.app):
            if command:
                _run(command, self.directory, variables)
        if not (outdir / "manifest.json").is_file():
            raise _failed(
                self.directory,
                f"`{self.app}` succeeded but wrote no cloud assembly",
                "call app.synth() at its end, and leave the App's outdir to CDK_OUTDIR",
            )
        bring_overrides(self.directory, outdir)
        bring_look_ups(self.context, outdir)
        return outdir

    def _context_variables(self, work: Path) -> dict[str, str]:
        context = json.dumps({**self.context, **_CLI_CONTEXT})
        if len(context.encode()) <= _CONTEXT_VARIABLE_BYTES:
            return {"CDK_CONTEXT_JSON": context}
        overflow = work / "context.json"
        overflow.write_text(context, encoding="utf-8")
        return {"CONTEXT_OVERFLOW_LOCATION_ENV": str(overflow)}


def _run(command: str, directory: Path, variables: Mapping[str, str]) -> None:
    """Runs a shell command to its end, and never leaves a process of it behind."""
    with subprocess.Popen(
        command,
        shell=True,  # as the CDK CLI does: the command may use the shell's language
        cwd=directory,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        lines = [line.rstrip() for line in output.splitlines() if line.strip()]
        shown = _without_library_frames(lines)
        how = f"exit status {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        problem = f"`{command}` ended with {how}" + (f": {_last_word(lines)}" if lines else "")
        tail = "".join(f"\n    {line}" for line in shown[-_LAST_LINES:])
        raise _failed(directory, problem, f"the last lines it wrote:{tail}" if lines else "")


def _last_word(lines: Sequence[str]) -> str:
    """What a program said last: not the hint that ends a message of lambdakit's own."""
    said = [line.strip() for line in lines]
    return next((line for line in reversed(said) if not line.startswith("hint: ")), said[-1])


def _without_library_frames(lines: Sequence[str]) -> list[str]:
    """The lines of an output without the frames of tracebacks that are not the project's own; all when none is left."""
    kept: list[str] = []
    inside_library = False
    for line in lines:
        frame = _FRAME.match(line)
        if frame is not None:
            inside_library = _LIBRARY.search(line) is not None
        elif not line.startswith(_FRAME_CODE):
            inside_library = False
        if not inside_library and not _MARKS.fullmatch(line):
            kept.append(line)
    return kept or list(lines)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise SourceError(
            Diagnostic(path=str(path), line=error.lineno, column=error.colno, problem=error.msg.lower(), code="LK202")
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, f"cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise _unreadable(path, f"holds {type(content).__name__} where an object is needed")
    return content


def _unreadable(path: Path, problem: str, *, pointer: str = "", hint: str = "") -> SourceError:
    return SourceError(Diagnostic(path=str(path), pointer=pointer, problem=problem, code="LK202", hint=hint))


def _failed(directory: Path, problem: str, hint: str) -> SynthesisError:
    return SynthesisError(
        Diagnostic(path=str(directory / "cdk.json"), pointer="app", problem=problem, code="LK452", hint=hint)
    )
