"""What a Dockerfile says of the function in its image, read for a suggestion and never carried out.

Only what stands there as it is: the last stage, its base image, command, copies and package installations. Whatever
needs a build to be known is left open.
Source: Dockerfile reference, "Format", "FROM", "CMD", "ENTRYPOINT", "COPY", "WORKDIR"; AWS Lambda Developer Guide,
"Deploy Python Lambda functions with container images" and "Deploy Node.js Lambda functions with container images".
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from lambdakit.records import dataclass

_READ_BYTES = 256 * 1024
_INSTRUCTION = re.compile(r"([A-Za-z]+)\s+(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))")
# AWS's base images by their names in its public registry and on Docker Hub, and the language's own.
_BASE = re.compile(
    r"(?:public\.ecr\.aws/lambda/|amazon/aws-lambda-)(?P<lambda>python|nodejs):(?P<version>3\.\d+|\d+)\b"
    r"|(?:\S*/)?(?P<plain>python|node):(?P<number>3\.\d+|\d+)\b"
)
_INSTALLS = re.compile(
    r"(?:pip3?|uv|npm|yarn|poetry) +(?:pip +)?(?:install|ci|sync)\b[^&|;]*"
    r"|(?:dnf|microdnf|yum|apt-get|apk) +(?:-\S+ +)*(?:install|add)\b[^&|;]*"
)
_TASK_ROOT = "/var/task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """The last stage of a Dockerfile.

    runtime: the identifier that its base image stands for, `python3.13`; None for any other image.
    is_lambda_base: whether AWS made that image, so that the command is the handler's name.
    entry_point, command: as words; empty when the stage has none, or builds them from what is not known here.
    directory: the one folder of the build context that becomes `/var/task`; None for the context itself or when it is
    not one folder. installs: what the stage installs packages with.
    """

    runtime: str | None = None
    is_lambda_base: bool = False
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    directory: str | None = None
    installs: tuple[str, ...] = ()


@dataclass(slots=True)
class _Stage:
    image: str = ""
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    working_directory: str = ""
    copied: list[tuple[str, str]] = field(default_factory=list)
    installs: list[str] = field(default_factory=list)


def read_dockerfile(file: Path, *, arguments: Mapping[str, str] | None = None) -> Dockerfile | None:
    """What a Dockerfile says; None when it cannot be read, or has no stage. arguments: of the build."""
    try:
        with file.open("rb") as content:
            text = content.read(_READ_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    stage = _last_stage(text, dict(arguments or {}))
    if stage is None:
        return None
    base = _BASE.match(stage.image)
    return Dockerfile(
        runtime=None if base is None else _runtime(base),
        is_lambda_base=base is not None and base["lambda"] is not None,
        entry_point=stage.words.get("ENTRYPOINT", ()),
        command=stage.words.get("CMD", ()),
        directory=_directory(stage, file.parent),
        installs=tuple(stage.installs),
    )


def _runtime(base: re.Match[str]) -> str:
    language, version = base["lambda"] or base["plain"], base["version"] or base["number"]
    return f"python{version}" if language == "python" else f"nodejs{version}.x"


def _last_stage(text: str, arguments: dict[str, str]) -> _Stage | None:
    variables = {"LAMBDA_TASK_ROOT": _TASK_ROOT, "LAMBDA_RUNTIME_DIR": "/var/runtime"}
    stages: dict[str, _Stage] = {}
    stage: _Stage | None = None
    for name, rest in _instructions(text):
        if name == "ARG":
            key, _, default = rest.partition("=")
            variables.setdefault(key.strip(), arguments.get(key.strip(), default.strip().strip("\"'")))
        elif name == "ENV":
            variables.update(_assignments(rest))
        elif name == "FROM":
            words = [word for word in _expanded(rest, variables).split() if not word.startswith("--")]
            image = words[0] if words else ""
            stage = _Stage(image=image)
            if image in stages:  # what an earlier stage says holds for one that is built on it
                earlier = stages[image]
                stage = _Stage(earlier.image, dict(earlier.words), earlier.working_directory, list(earlier.copied))
                stage.installs = list(earlier.installs)
            if len(words) >= 3 and words[1].upper() == "AS":
                stages[words[2]] = stage
        elif stage is not None:
            _take(stage, name, rest, variables)
    return stage


def _take(stage: _Stage, name: str, rest: str, variables: Mapping[str, str]) -> None:
    if name in ("CMD", "ENTRYPOINT"):
        stage.words[name] = _words(_expanded(rest, variables))
    elif name == "WORKDIR":
        stage.working_directory = _expanded(rest, variables).strip()
    elif name in ("COPY", "ADD"):
        words = [word for word in _words(_expanded(rest, variables)) if word]
        if not any(word.startswith("--from") for word in words):
            *sources, target = [word for word in words if not word.startswith("--")] or [""]
            stage.copied += [(source, target) for source in sources]
        else:
            stage.copied.append(("", words[-1]))  # of another stage: it would have to be built
    elif name == "RUN":
        stage.installs += [match[0].strip() for match in _INSTALLS.finditer(" ".join(rest.split()))]


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Name and rest of each instruction; a backslash at the end of a line joins it with the next."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\[ \t]*\n", " ", "\n".join(lines))
    for line in joined.splitlines():
        match = _INSTRUCTION.match(line.strip())
        if match is not None:
            yield match[1].upper(), match[2]


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["bare"]
        return variables.get(name) or match["default"] or match[0]

    return _VARIABLE.sub(value, text)


def _words(text: str) -> tuple[str, ...]:
    """The JSON form, else the shell's words; nothing when a variable in them is not known."""
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = shlex.split(text)
        except ValueError:
            found = text.split()
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        return ()
    return () if any(_VARIABLE.search(word) for word in found) else tuple(found)


def _assignments(text: str) -> Mapping[str, str]:
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])}
    return dict(word.split("=", 1) for word in words if "=" in word)


def _directory(stage: _Stage, context: Path) -> str | None:
    """The folder that alone is copied into the task's root; files beside it, such as requirements, do not count."""
    roots = {_TASK_ROOT, f"{_TASK_ROOT}/"}
    if stage.working_directory in ("", _TASK_ROOT, f"{_TASK_ROOT}/"):
        roots |= {".", "./"}
    elif not stage.image.startswith(("public.ecr.aws/lambda/", "amazon/aws-lambda-")):
        roots |= {".", "./", stage.working_directory, f"{stage.working_directory.rstrip('/')}/"}
    sources = [source.rstrip("/*").removeprefix("./") for source, target in stage.copied if target in roots]
    folders = {source for source in sources if source not in ("", ".") and (context / source).is_dir()}
    return folders.pop() if len(folders) == 1 and not {"", "."} & set(sources) else None


def suggestion(dockerfile: Dockerfile | None, image_command: Sequence[str] = ()) -> Mapping[str, object]:
    """The override that fits: what the image would run, as far as its Dockerfile tells.

    image_command: the template's own, which goes before the Dockerfile's.
    """
    if dockerfile is None:
        dockerfile = Dockerfile()
    command = tuple(image_command) or dockerfile.command
    runs_client = any("awslambdaric" in word or "aws-lambda-ric" in word for word in dockerfile.entry_point)
    where = {} if dockerfile.directory is None else {"directory": dockerfile.directory}
    if dockerfile.runtime is not None and command and (dockerfile.is_lambda_base or runs_client):
        return {"runtime": dockerfile.runtime, "handler": command[0], **where}
    if dockerfile.entry_point or (command and not dockerfile.is_lambda_base):
        program, *rest = [*dockerfile.entry_point, *command]
        # Where the image has its Python is no place of this machine's.
        program = "python" if re.fullmatch(r"(?:\S*/)?python[\d.]*", program) else program
        return {"command": [program, *rest], **where}
    handler = command[0] if command else "app.handler"
    return {"command": ["python", "-m", "awslambdaric", handler], **where}
