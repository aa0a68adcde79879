"""Which interpreters are found on a machine, which are refused, and which one is chosen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambdakit.harness.runtime.interpreter_probe import Answer, ask
from lambdakit.harness.runtime.interpreters import MINORS, Interpreters, own_interpreter, usual_places

OWN = sys.version_info.minor
OTHER = OWN - 1 if OWN > MINORS[0] else OWN + 1
BINARY = b"\x7fELF"


class Machine:
    """Programs below a folder, and what each would answer; remembers which ones were started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started: list[Path] = []
        self._answers: dict[Path, Answer] = {}

    def put(
        self, folder: str, minor: int, *, content: bytes = BINARY, told: Mapping[str, object] | None = None
    ) -> Path:
        """A program `python3.<minor>` in `folder`/bin. told: fields of its answer that are not the usual."""
        prefix = self.root / folder
        program = prefix / "bin" / f"python3.{minor}"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_bytes(content)
        program.chmod(0o755)
        answer: Mapping[str, object] = {
            "version": (3, minor, 0),
            "prefix": str(prefix),
            "path": (f"{prefix}/lib/python3.{minor}",),
            "tag": f"cpython-3{minor}-x86_64-linux-gnu",
            "is_plain_cpython": True,
        }
        self._answers[program] = Answer(**{**answer, **(told or {})})  # type: ignore[arg-type]  # the fields as they are named
        return program

    def interpreters(self, *folders: str) -> Interpreters:
        def start(program: Path, cache: Path) -> Answer | None:
            del cache
            self.started.append(program)
            return self._answers.get(program)

        return Interpreters([self.root / folder / "bin" for folder in folders], cache=self.root, ask=start)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path.resolve())


class TestChoice:
    def test_own_interpreter_serves_its_own_version(self, machine: Machine) -> None:
        machine.put("other", OWN)

        chosen = machine.interpreters("other").choose(OWN)

        assert chosen.is_own
        assert machine.started == []

    def test_declared_version_is_preferred(self, machine: Machine) -> None:
        program = machine.put("other", OTHER)

        assert machine.interpreters("other").choose(OTHER).executable == program

    @pytest.mark.parametrize(
        ("present", "declared", "expected"),
        [
            ([OWN + 3], OWN + 2, OWN + 3),
            ([OWN + 2], OWN + 1, OWN + 2),  # as near as the own one, and newer
            ([OWN - 2], OWN - 1, OWN),
            ([], OWN + 1, OWN),
            ([OWN + 3], OWN + 1, OWN),
        ],
    )
    def test_nearest_version_stands_in_and_the_newer_of_two(
        self, machine: Machine, present: list[int], declared: int, expected: int
    ) -> None:
        if not set(present) <= set(MINORS):
            pytest.skip("AWS has no such version")
        for minor in present:
            machine.put(f"at{minor}", minor)

        chosen = machine.interpreters(*(f"at{minor}" for minor in present)).choose(declared)

        assert chosen.minor == expected

    def test_first_place_wins(self, machine: Machine) -> None:
        first, _ = machine.put("first", OTHER), machine.put("second", OTHER)

        assert machine.interpreters("first", "second").choose(OTHER).executable == first

    def test_one_that_does_not_start_leads_to_the_next(self, machine: Machine) -> None:
        (machine.root / "broken/bin").mkdir(parents=True)
        broken = machine.root / f"broken/bin/python3.{OTHER}"
        broken.write_bytes(BINARY)
        broken.chmod(0o755)
        works = machine.put("works", OTHER)

        assert machine.interpreters("broken", "works").choose(OTHER).executable == works

    def test_each_program_is_started_once_and_only_when_it_is_needed(self, machine: Machine) -> None:
        wanted, _ = machine.put("wanted", OTHER), machine.put("unwanted", OTHER + 5)
        interpreters = machine.interpreters("wanted", "unwanted")

        before = list(machine.started)
        interpreters.choose(OTHER)
        interpreters.choose(OTHER)

        assert (before, machine.started) == ([], [wanted])

    def test_versions_without_a_runtime_client_are_never_started(self, machine: Machine) -> None:
        machine.put("old", 8)
        machine.put("ancient", 6)

        chosen = machine.interpreters("old", "ancient").choose(8)

        assert machine.started == []
        assert chosen.is_own

    def test_a_version_that_aws_does_not_have_runs_only_what_declares_it(self, machine: Machine) -> None:
        newest = max(MINORS) + 1
        program = machine.put("preview", newest)
        interpreters = machine.interpreters("preview")

        assert interpreters.choose(newest).executable == program
        assert interpreters.choose(newest + 1).is_own


class TestRefusal:
    @pytest.mark.parametrize(
        "told",
        [
            {"is_plain_cpython": False},
            {"version": (3, OTHER + 1, 0)},
            {"version": (2, 7, 18)},
            {"path": ("/somewhere/else/lib",)},
            {"prefix": "/somewhere/else"},
        ],
        ids=["PyPy or free-threaded", "another version", "Python 2", "library elsewhere", "prefix elsewhere"],
    )
    def test_what_cannot_stand_for_the_version_is_refused(self, machine: Machine, told: Mapping[str, object]) -> None:
        machine.put("odd", OTHER, told=told)

        assert machine.interpreters("odd").exact(OTHER) is None

    @pytest.mark.parametrize("content", [b"#!/bin/sh\nexec python", b"", b"\x7fEL"], ids=["shim", "empty", "cut off"])
    def test_what_is_no_binary_is_not_started(self, machine: Machine, content: bytes) -> None:
        machine.put("shims", OTHER, content=content)

        assert machine.interpreters("shims").exact(OTHER) is None
        assert machine.started == []

    def test_copy_in_a_virtual_environment_is_not_started(self, machine: Machine) -> None:
        machine.put("venv", OTHER)
        (machine.root / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")

        assert machine.interpreters("venv").exact(OTHER) is None
        assert machine.started == []

    @pytest.mark.parametrize("writable", ["bin", "", f"bin/python3.{OTHER}"], ids=["folder", "folder above", "file"])
    def test_what_everybody_may_replace_is_not_started(self, machine: Machine, writable: str) -> None:
        machine.put("shared", OTHER)
        (machine.root / "shared" / writable).chmod(0o777)

        assert machine.interpreters("shared").exact(OTHER) is None
        assert machine.started == []

    def test_folder_that_everybody_may_add_to_is_safe_where_only_owners_may_replace(self, machine: Machine) -> None:
        program = machine.put("shared/mine", OTHER)
        (machine.root / "shared").chmod(0o1777)

        found = machine.interpreters("shared/mine").exact(OTHER)

        assert found is not None
        assert found.executable == program

    def test_file_that_cannot_be_executed_is_not_started(self, machine: Machine) -> None:
        machine.put("plain", OTHER).chmod(0o644)

        assert machine.interpreters("plain").exact(OTHER) is None
        assert machine.started == []

    def test_missing_folders_and_dangling_links_are_passed_over(self, machine: Machine) -> None:
        (machine.root / "links/bin").mkdir(parents=True)
        (machine.root / f"links/bin/python3.{OTHER}").symlink_to("/nonexistent")

        assert machine.interpreters("nowhere", "links").exact(OTHER) is None


class TestParts:
    def test_folders_of_installed_packages_are_known(self, machine: Machine) -> None:
        machine.put("usr", OTHER)
        packages = [f"usr/lib/python3.{OTHER}/site-packages", "usr/lib/python3/dist-packages"]
        for folder in packages:
            (machine.root / folder).mkdir(parents=True)

        found = machine.interpreters("usr").exact(OTHER)

        assert found is not None
        assert set(found.packages) == {machine.root / folder for folder in packages}

    def test_links_lead_to_the_interpreter_itself(self, machine: Machine) -> None:
        program = machine.put("real", OTHER)
        (machine.root / "linked/bin").mkdir(parents=True)
        (machine.root / f"linked/bin/python3.{OTHER}").symlink_to(program)

        found = machine.interpreters("linked", "real").exact(OTHER)

        assert found is not None
        assert (found.executable, found.prefix) == (program, machine.root / "real")

    def test_own_interpreter_is_not_the_environment_s(self) -> None:
        own = own_interpreter()

        assert own.version == sys.version_info[:3]
        assert own.executable.is_relative_to(own.prefix)
        assert not (own.prefix / "pyvenv.cfg").exists()
        assert all(entry.is_relative_to(own.prefix) for entry in own.library)


class TestPlaces:
    def test_version_managers_come_before_path_and_newer_patches_first(self, tmp_path: Path) -> None:
        folders = ["3.9.18", "3.13.9", "3.13.10", "3.14.0rc1", "system"]
        for folder in folders:
            (tmp_path / "pyenv/versions" / folder / "bin").mkdir(parents=True)
        (tmp_path / "uv/cpython-3.13.1-linux-x86_64-gnu/bin").mkdir(parents=True)
        variables = {
            "PYENV_ROOT": str(tmp_path / "pyenv"),
            "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
            "PATH": f"{tmp_path}/on-path:relative::.",
        }

        places = [place for place in usual_places(variables, tmp_path) if place.is_relative_to(tmp_path)]

        assert [str(place.relative_to(tmp_path)) for place in places] == [
            "pyenv/versions/3.13.10/bin",
            "pyenv/versions/3.13.9/bin",
            "pyenv/versions/3.9.18/bin",
            "pyenv/versions/system/bin",
            "pyenv/versions/3.14.0rc1/bin",
            "uv/cpython-3.13.1-linux-x86_64-gnu/bin",
            "on-path",
        ]

    def test_entries_of_path_that_mean_the_working_directory_are_left_out(self, tmp_path: Path) -> None:
        places = usual_places({"PATH": "relative::.:"}, tmp_path)

        assert all(place.is_absolute() for place in places)

    @pytest.mark.parametrize("manager", [".pyenv/versions", ".local/share/uv/python", ".asdf/installs/python"])
    def test_managers_are_found_in_the_home_folder(self, tmp_path: Path, manager: str) -> None:
        (tmp_path / manager / "3.13.1/bin").mkdir(parents=True)

        assert usual_places({}, tmp_path)[0] == tmp_path / manager / "3.13.1/bin"


class TestProbe:
    def test_answer_is_what_the_interpreter_says_of_itself(self, tmp_path: Path) -> None:
        own = own_interpreter()

        answer = ask(own.executable, tmp_path)

        assert answer is not None
        assert (answer.version, Path(answer.prefix).resolve(), answer.tag) == (own.version, own.prefix, own.tag)
        assert answer.is_plain_cpython
        assert tuple(Path(entry).resolve() for entry in answer.path) == own.library

    def test_answer_is_asked_for_again_when_the_file_changes(self, tmp_path: Path) -> None:
        program = _script(tmp_path / "python3.13", version=1)
        first = ask(program, tmp_path / "cache")
        _script(program, version=2)
        later = program.stat().st_mtime_ns + 1  # clocks of file systems are coarse
        os.utime(program, ns=(later, later))

        second = ask(program, tmp_path / "cache")

        assert [answer and answer.version for answer in (first, second)] == [(3, 13, 1), (3, 13, 2)]

    def test_kept_answer_needs_no_start(self, tmp_path: Path) -> None:
        program = _script(tmp_path / "python3.13", version=1)

        answers = [ask(program, tmp_path / "cache") for _ in range(3)]

        assert answers[0] is not None
        assert answers == [answers[0]] * 3
        assert (tmp_path / "count").read_text() == "x"

    @pytest.mark.parametrize("damage", ["", "{", "[]", '{"program": 1}'])
    def test_damaged_answer_is_asked_for_again(self, tmp_path: Path, damage: str) -> None:
        program = _script(tmp_path / "python3.13", version=1)
        first = ask(program, tmp_path / "cache")
        for kept in (tmp_path / "cache").rglob("*.json"):
            kept.write_text(damage)

        assert ask(program, tmp_path / "cache") == first
        assert first is not None

    def test_cache_that_cannot_be_written_is_done_without(self, tmp_path: Path) -> None:
        (tmp_path / "cache").write_text("a file")

        assert ask(own_interpreter().executable, tmp_path / "cache") is not None

    @pytest.mark.parametrize("body", ["exit 1", "echo nothing", "echo '{}'", "echo '[1]'", "echo '{\"version\": [3]}'"])
    def test_program_that_answers_nonsense_is_none(self, tmp_path: Path, body: str) -> None:
        program = tmp_path / "python3.13"
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o755)

        assert ask(program, tmp_path / "cache") is None

    def test_missing_program_is_none(self, tmp_path: Path) -> None:
        assert ask(tmp_path / "python3.13", tmp_path / "cache") is None


def _script(path: Path, *, version: int) -> Path:
    """A program that answers as a Python 3.13 does, and counts how often it was started."""
    told = (
        f'{{"version": [3, 13, {version}], "prefix": "/p", "path": ["/p/lib"], "tag": "t", "is_plain_cpython": true}}'
    )
    path.write_text(f"#!/bin/sh\nprintf x >> '{path.parent}/count' || exit 1\necho '{told}'\n")
    path.chmod(0o755)
    return path


def test_real_interpreters_of_this_machine_answer_with_what_they_are() -> None:
    interpreters = Interpreters(usual_places(os.environ, Path.home()), cache=Path("/nonexistent"))

    found = [interpreter for minor in MINORS if (interpreter := interpreters.exact(minor)) is not None]

    assert own_interpreter().minor in [interpreter.minor for interpreter in found]
    for interpreter in found:
        told = subprocess.run(
            [interpreter.executable, "-I", "-S", "-c", "import sys; print(*sys.version_info[:3], sep='.')"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"python{told.stdout.strip()}" == interpreter.name
