"""The Python interpreters of this machine, and which of them runs a function.

Looking is cheap: names of files only. An interpreter is started once, when a function first needs its version, to be
asked where its parts are; `interpreter_probe` keeps the answer.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from lambdakit.harness.runtime.interpreter_probe import Answer, ask
from lambdakit.records import dataclass

# The versions that AWS has had since its runtime client is a package. Source: DG "Lambda runtimes".
MINORS = tuple(range(9, 15))

_PROGRAM = re.compile(r"python3\.(\d+)")
# Where version managers and builds put an interpreter, below `/opt` or a folder of their own.
_VERSION_FOLDERS = ("*/bin", "python/*/bin", "hostedtoolcache/Python/*/*/bin")
_EXECUTABLE_STARTS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")  # ELF; Mach-O, of one or more machines
_PACKAGE_FOLDERS = (
    *("lib/python3.{0}/site-packages", "lib64/python3.{0}/site-packages", "local/lib/python3.{0}/site-packages"),
    *("lib/python3.{0}/dist-packages", "lib/python3/dist-packages", "local/lib/python3.{0}/dist-packages"),  # Debian
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A CPython of this machine.

    executable: its program, with links resolved. prefix: the folder that holds it and all that follows.
    library: its own search path, without installed packages. packages: the folders of installed packages that exist.
    tag: what names of its extension modules carry, such as `cpython-313-x86_64-linux-gnu`.
    library_path: the folder of shared libraries that it cannot start without being told of; empty for most.
    """

    executable: Path
    prefix: Path
    version: tuple[int, int, int]
    library: tuple[Path, ...]
    packages: tuple[Path, ...]
    tag: str
    library_path: str = ""
    is_own: bool = False

    @property
    def minor(self) -> int:
        """13 for Python 3.13."""
        return self.version[1]

    @property
    def name(self) -> str:
        """`python3.13.0`."""
        return "python" + ".".join(map(str, self.version))


class Interpreters:
    """The interpreters in `places`, and the harness's own.

    places: folders with programs called `python3.N`, the preferred first. cache: where answers are kept.
    ask: starts a program and tells what it says of itself, see `interpreter_probe.ask`.
    """

    def __init__(
        self, places: Sequence[Path], *, cache: Path, ask: Callable[[Path, Path], Answer | None] = ask
    ) -> None:
        self._places = places
        self._cache = cache
        self._answer_of = ask
        self._programs: dict[int, list[Path]] | None = None
        self._asked: dict[Path, Interpreter | None] = {}
        self._lock = threading.Lock()
        self.own = own_interpreter()

    def choose(self, minor: int) -> Interpreter:
        """The interpreter of Python 3.`minor`, else of the nearest version that AWS has, the newer of two."""
        return self.exact(minor) or self._nearest(minor)

    def exact(self, minor: int) -> Interpreter | None:
        """The interpreter of Python 3.`minor`; None when the machine has none that works, or it is too old to."""
        if minor == self.own.minor:
            return self.own
        if minor < MINORS[0]:
            return None
        with self._lock:
            for program in self._found().get(minor, []):
                interpreter = self._ask(program, minor)
                if interpreter is not None:
                    return interpreter
        return None

    def _nearest(self, minor: int) -> Interpreter:
        for other in sorted(MINORS, key=lambda known: (abs(known - minor), -known)):
            interpreter = self.exact(other)
            if interpreter is not None:
                return interpreter
        return self.own

    def _found(self) -> Mapping[int, list[Path]]:
        if self._programs is None:
            self._programs = {}
            for minor, program in _programs(self._places):
                known = self._programs.setdefault(minor, [])
                if program not in known:
                    known.append(program)
        return self._programs

    def _ask(self, program: Path, minor: int) -> Interpreter | None:
        if program not in self._asked:
            answer = self._answer_of(program, self._cache) if _is_safe(program) else None
            self._asked[program] = None if answer is None else _interpreter(program, minor, answer)
        return self._asked[program]


def usual_places(variables: Mapping[str, str], home: Path) -> list[Path]:
    """Folders in which this user's machine may have interpreters, the preferred first.

    A version manager's come before the system's, newer patches before older ones. Source: the manuals of pyenv, uv
    ("Storage"), mise, asdf; the Filesystem Hierarchy Standard.
    """
    data = Path(variables.get("XDG_DATA_HOME") or home / ".local/share")
    managers = (
        Path(variables.get("PYENV_ROOT") or home / ".pyenv") / "versions",
        Path(variables.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python"),
        Path(variables.get("MISE_DATA_DIR") or data / "mise") / "installs/python",
        Path(variables.get("ASDF_DATA_DIR") or home / ".asdf") / "installs/python",
    )
    places = [place for manager in managers for place in _newest_first(manager.glob("*/bin"))]
    # An empty or relative entry would mean the working directory.
    places += [Path(entry) for entry in variables.get("PATH", "").split(os.pathsep) if Path(entry).is_absolute()]
    places += [Path("/usr/local/bin"), Path("/usr/bin"), Path("/opt/homebrew/bin"), Path("/opt/bin")]
    for pattern in _VERSION_FOLDERS:
        places += _newest_first(Path("/opt").glob(pattern))
    places += _newest_first(Path("/Library/Frameworks/Python.framework/Versions").glob("*/bin"))
    return list(dict.fromkeys(places))


def own_interpreter() -> Interpreter:
    """The interpreter that runs this, without the environment that it runs in."""
    prefix = Path(sys.base_prefix).resolve()
    major, minor, micro = sys.version_info[:3]
    standard = Path(os.__file__).resolve().parent
    compiled = standard / "lib-dynload"
    if not compiled.is_dir():  # a build that keeps it elsewhere; a moved one still names the place it was made in
        compiled = Path(sysconfig.get_config_var("DESTSHARED") or compiled).resolve()
    library = (prefix / sys.platlibdir / f"python{major}{minor}.zip", standard, compiled)
    program = prefix / "bin" / f"python{major}.{minor}"
    return Interpreter(
        executable=program.resolve() if program.exists() else Path(sys.executable),
        prefix=prefix,
        version=(major, minor, micro),
        library=tuple(entry for entry in library if entry.is_relative_to(prefix)),
        packages=_package_folders(prefix, minor),
        tag=str(sysconfig.get_config_var("SOABI")),
        is_own=True,
    )


def _interpreter(program: Path, minor: int, answer: Answer) -> Interpreter | None:
    if not answer.is_plain_cpython or answer.version[:2] != (3, minor):
        return None
    prefix = Path(answer.prefix).resolve()
    library = tuple(Path(entry).resolve() for entry in answer.path)
    if not all(entry.is_relative_to(prefix) for entry in (program, *library)):
        return None  # the sandbox shows the prefix, and nothing beside it
    return Interpreter(
        executable=program,
        prefix=prefix,
        version=answer.version,
        library=library,
        packages=_package_folders(prefix, minor),
        tag=answer.tag,
        library_path=answer.library_path,
    )


def _package_folders(prefix: Path, minor: int) -> tuple[Path, ...]:
    folders = (prefix / pattern.format(minor) for pattern in _PACKAGE_FOLDERS)
    return tuple(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def _programs(places: Iterable[Path]) -> Iterable[tuple[int, Path]]:
    for place in places:
        try:
            programs = sorted(place.glob("python3.*"))
        except OSError:
            continue
        for program in programs:
            match = _PROGRAM.fullmatch(program.name)
            if match is not None:
                yield int(match[1]), Path(os.path.realpath(program))


def _is_safe(program: Path) -> bool:
    """Whether only this user and the system's can have put it there, and it is an interpreter, not a shim or a copy.

    pyenv's shims are scripts; a virtual environment may hold a copy, which has no library of its own.
    """
    try:
        with program.open("rb") as file:
            if file.read(4) not in _EXECUTABLE_STARTS:
                return False
        if (program.parent.parent / "pyvenv.cfg").exists() or not os.access(program, os.X_OK):
            return False
        return not _everybody_may_write(program.parent) and all(map(_is_trusted, (program, *program.parents)))
    except OSError:
        return False


def _is_trusted(path: Path) -> bool:
    """Whether others cannot replace what `path` names: in a folder that all may write to, only its owner can."""
    parent = path.parent
    if _everybody_may_write(path) and not path.is_dir():
        return False
    if not _everybody_may_write(parent):
        return True
    return bool(parent.stat().st_mode & stat.S_ISVTX) and path.stat().st_uid in (0, os.geteuid())


def _everybody_may_write(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IWOTH)


def _newest_first(places: Iterable[Path]) -> list[Path]:
    """By the version that the folder above `bin` is named after; previews behind what was released."""

    def key(place: Path) -> tuple[bool, list[int], str]:
        text = place.parent.name
        preview = re.search(r"\d(a|b|rc)\d|dev", text) is not None
        return not preview, [int(number) for number in re.findall(r"\d+", text)], str(place)

    return sorted(places, key=key, reverse=True)
