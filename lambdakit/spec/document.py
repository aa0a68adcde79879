"""A document: a YAML file read, with what it includes, validated and marked with lines, and so for each environment.

The stages, each with its own kind of mistake; the first stops at what it cannot read past, the others report
everything at once:

    source_text     bytes -> text                       LK100 to LK102
    yaml_composer   text -> nodes with marks            LK102 to LK108, LK122
    syntax_recovery the same without what is not YAML   LK103, LK104
    included_files  nodes -> nodes of all files         LK151 to LK154
    overlays        nodes -> nodes of one environment   LK156
    yaml_nodes      nodes -> plain value                LK116
    validation      plain value -> Application          LK110 to LK121
    rules           Application -> findings             LK122 to LK128, LK130 and above
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from lambdakit.records import dataclass
from lambdakit.spec.application import Application
from lambdakit.spec.diagnostics import Placed, document_error
from lambdakit.spec.environments import ENVIRONMENTS_MAX
from lambdakit.spec.finding import Finding, with_lines
from lambdakit.spec.included_files import with_included
from lambdakit.spec.nearest import nearest
from lambdakit.spec.overlays import ENVIRONMENTS, Overlaid, laid_over, overlays
from lambdakit.spec.pointer import Pointer, parse_pointer, render_pointer
from lambdakit.spec.refusal import IN_QUOTES
from lambdakit.spec.rules.registry import RULES
from lambdakit.spec.rules.rule import rule_context
from lambdakit.spec.source_text import read_text
from lambdakit.spec.stack_names import stack_name_findings
from lambdakit.spec.stacks import full_name, stack_at, stacks_of
from lambdakit.spec.syntax_recovery import Recovered, read_around
from lambdakit.spec.validation import validate
from lambdakit.spec.wording import given, quoted
from lambdakit.spec.yaml_composer import VALUES_MAX, compose
from lambdakit.spec.yaml_nodes import MappingNode, Marks, Node, plain_value, written_at

# Of the document and all environments together, each with the values that it takes over.
_VALUES_OF_ALL_MAX: Final = 8 * VALUES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value is written.

    pointer: as the file writes it, below `environments` in an overlay. file: an included one, relative to the
    document's directory; empty for the document itself. line, column: from 1.
    """

    pointer: Pointer
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A valid document, or one with an environment's overlay.

    path: as it was given. directory: the project's, absolute, to which paths in the document are relative.
    files: included ones, relative to the directory. environments: the same document for each of them, by name.
    environment: whose it is; empty for the document itself. account, region: None for whichever deploys it.
    has_parameters: whether the document, or one of its environments, declares any, so that `${Name}` is one.
    """

    path: Path
    directory: Path
    application: Application
    marks: Marks
    files: tuple[str, ...] = ()
    environments: Mapping[str, Document] = field(default_factory=dict)
    environment: str = ""
    account: str | None = None
    region: str | None = None
    has_parameters: bool = False
    overlaid: Overlaid | None = field(default=None, repr=False)

    @property
    def stack_names(self) -> tuple[str, ...]:
        """The names of its stacks: the application's own first, where anything is in it."""
        return tuple(self.stack_called(stack) for stack in stacks_of(self.application))

    def stack_called(self, stack: str) -> str:
        """The full name of the stack that parts of the document call so; empty for the application's own."""
        return full_name(self.application.application, stack, self.environment)

    def stack_of(self, pointer: Pointer) -> str:
        """The full name of the stack of what is at the pointer."""
        return self.stack_called(stack_at(self.application, pointer))

    def place(self, pointer: str) -> tuple[int, int] | None:
        """Line and column, from 1, of the value at a pointer as text; `lambdakit.spec.pointer` says how it is quoted.

        A scalar's place is its own, that of a list or mapping is its key's. Where the document has no such value,
        because a default stands for it, the place is its nearest parent's. None for the whole document.
        """
        origin = self.origin(parse_pointer(pointer))
        return None if origin is None else (origin.line, origin.column)

    def origin(self, pointer: Pointer) -> Origin | None:
        """The place of the value at a pointer, as `place` says it, with the file; None for the whole document."""
        if not pointer:
            return None
        if self.overlaid is None:
            mark, written = self.marks.place(pointer), pointer
        else:
            mark, written = self.overlaid.place(pointer)[0], self.overlaid.written_at(pointer)
        return Origin(pointer=written, file=mark.file, line=mark.line, column=mark.column)


def load(path: str | Path, *, environment: str | None = None) -> Document:
    """The document in the file at `path`. Raises `DocumentError` with everything that is wrong with it.

    environment: only this one is looked at besides the document itself; None for all of them.
    """
    text = read_text(Path(path))
    if isinstance(text, Finding):
        raise document_error(path, [_as_marked(text)])
    root, findings = compose(text)
    unread = Recovered(root=root, findings=findings)
    if root is None:
        unread = read_around(text, findings)
        root, findings = unread.root, unread.findings
    if root is None:
        raise document_error(path, [_as_marked(finding) for finding in findings or [_nothing_there()]])
    if not isinstance(root, MappingNode):
        raise document_error(path, [_as_marked(finding) for finding in [*findings, _no_mapping(root)]])

    directory = Path(path).absolute().parent
    included = with_included(root, Path(path), directory)
    marks = Marks(included.root)
    declared = _declared(included.root)
    base, wrong = _application(included.root, directory, declared)
    placed = [_placed(finding, marks) for finding in (*findings, *included.findings, *wrong)]
    chosen, refused = _chosen(included.root, environment)
    placed += [_placed(finding, marks) for finding in refused]
    made: dict[str, tuple[Application | None, Overlaid]] = {}
    for name, written in chosen.items():
        overlaid = laid_over(included.root, name, written)
        application, found = _application(overlaid.root, directory, declared)
        made[name] = application, overlaid
        placed += [_placed(finding, marks) for finding in overlaid.findings]
        placed += _of_overlay(found, overlaid, wrong)
    if base is not None:
        placed += [_placed(finding, marks) for finding in stack_name_findings(base, made)]
    if placed or base is None:
        told = [each for each in placed if each.mark is None or not unread.hides(each.finding, each.mark.line)]
        raise document_error(path, told, included.files)
    document = Document(
        path=Path(path),
        directory=directory,
        application=base,
        marks=marks,
        files=included.files,
        has_parameters=bool(declared),
    )
    return dataclasses.replace(document, environments=dict(_environments(document, made)))


def _declared(root: MappingNode) -> frozenset[str]:
    """The names of all parameters that the document or one of its environments declares."""
    sections = [each.entries.get("parameters") for each in (root, *(overlay for _, _, overlay in overlays(root)))]
    return frozenset(
        name
        for section in sections
        if section is not None and isinstance(section.node, MappingNode)
        for name in section.node.entries
    )


def _application(
    root: MappingNode, directory: Path, declared: frozenset[str]
) -> tuple[Application | None, list[Finding]]:
    """What is valid of the nodes, and everything that is not. declared: parameters, in whichever environment."""
    value, empty, absent = plain_value(root)
    validated = validate(value, absent)
    findings = [*empty, *(_as_written(finding, root) for finding in validated.findings)]
    if validated.application is not None:
        context = rule_context(validated.application, directory, validated.pruned, declared)
        found = (finding for rule in RULES for finding in rule(context))
        findings += [finding for finding in found if not validated.pruned.is_about_stand_in(finding)]
    return validated.application, findings


def _as_written(finding: Finding, root: Node) -> Finding:
    """With the number as the document has it: what was read of 0123 and of 1.10 is 123 and 1.1."""
    written = written_at(root, finding.pointer) if finding.hint.startswith(IN_QUOTES) else None
    return finding if written is None else dataclasses.replace(finding, hint=f"{IN_QUOTES}{quoted(written)}")


def _chosen(root: MappingNode, environment: str | None) -> tuple[dict[str, MappingNode], list[Finding]]:
    """The overlays to look at by name, and what keeps others, or all, from it."""
    written = {name: overlay for name, _, overlay in overlays(root)}
    if environment is not None:
        if environment in written:
            return {environment: written[environment]}, []
        entry = root.entries.get(ENVIRONMENTS)
        known = list(entry.node.entries) if entry is not None and isinstance(entry.node, MappingNode) else []
        if environment in known:  # refused already, as it is no mapping
            return {}, []
        return {}, [_no_environment(environment, known)]
    chosen = dict(list(written.items())[:ENVIRONMENTS_MAX])
    values = root.weight * (1 + len(chosen))
    if values > _VALUES_OF_ALL_MAX:
        problem = f"the document and its environments have {values} values together, {_VALUES_OF_ALL_MAX} are read"
        hint = "split a large application into several"
        return {}, [Finding(code="LK107", pointer=(ENVIRONMENTS,), problem=problem, hint=hint)]
    return chosen, []


def _no_environment(name: str, known: list[str]) -> Finding:
    close = nearest(name, known)
    hint = f"write {close}" if close else f"it has {', '.join(known)}" if known else "define it below environments"
    problem = f"the document has no environment {quoted(name)}"
    return Finding(code="LK155", pointer=(ENVIRONMENTS,) if known else (), problem=problem, hint=hint)


def _of_overlay(found: list[Finding], overlaid: Overlaid, of_document: list[Finding]) -> Iterator[Placed]:
    """What is wrong with an environment alone, at the overlay's lines.

    Left out is what is wrong with the document itself as well.
    """
    said = set(of_document)
    where = {(finding.code, finding.pointer, finding.at_key) for finding in of_document}
    for finding in found:
        mark, is_own = overlaid.place(finding.pointer, at_key=finding.at_key)
        written = overlaid.written_at(finding.pointer)
        if is_own:
            told = with_lines(finding, lambda pointer: overlaid.place(pointer)[0])
            yield Placed(finding=told, mark=mark, pointer=written)
            continue
        is_known = (finding.code, finding.pointer, finding.at_key) in where
        if finding in said or (is_known and not overlaid.touches(finding.pointer)):
            continue
        cause = overlaid.cause(finding.pointer)
        pointer: Pointer = (ENVIRONMENTS, overlaid.name, *cause)
        finding = with_lines(finding, lambda pointer: overlaid.place(pointer)[0])
        problem = finding.problem
        if cause != finding.pointer:
            line = f"line {mark.line} of {mark.file}" if mark.file else f"line {mark.line}"
            problem = f"with this, {render_pointer(finding.pointer) or 'the document'} ({line}): {problem}"
        at = Marks(overlaid.overlay).place(cause)
        yield Placed(finding=dataclasses.replace(finding, problem=problem), mark=at, pointer=pointer)


def _environments(
    document: Document, made: Mapping[str, tuple[Application | None, Overlaid]]
) -> Iterator[tuple[str, Document]]:
    for name, (application, overlaid) in made.items():
        assert application is not None
        settings = document.application.environments[name]
        yield (
            name,
            dataclasses.replace(
                document,
                application=application,
                marks=Marks(overlaid.root),
                environment=name,
                account=settings.account,
                region=settings.region,
                overlaid=overlaid,
            ),
        )


def _placed(finding: Finding, marks: Marks) -> Placed:
    mark = finding.mark if finding.mark is not None else marks.place(finding.pointer, at_key=finding.at_key)
    return Placed(finding=with_lines(finding, marks.place), mark=mark, pointer=finding.pointer)


def _as_marked(finding: Finding) -> Placed:
    return Placed(finding=finding, mark=finding.mark, pointer=finding.pointer)


def _nothing_there() -> Finding:
    return Finding(
        code="LK109",
        problem="the document is empty",
        hint="begin with `application: shop`, or make a project with `lambdakit init`",
    )


def _no_mapping(root: Node) -> Finding:
    value, _, _ = plain_value(root)
    if value is None:
        return _nothing_there()
    problem = f"the document must be a mapping of keys such as application and patterns, not {given(value)}"
    return Finding(code="LK109", mark=root.mark, problem=problem, hint="begin with `application: shop`")
