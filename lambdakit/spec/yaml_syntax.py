"""What a YAML parser's complaint means to the person who wrote the document.

The parser has no codes for its errors; the tables below go by its words, for hints and wording only. Words that
they do not know are passed on.
"""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError

from lambdakit.spec.finding import Finding, Mark

# Part of ruamel.yaml's text -> what we say, and the hint.
_KNOWN = (
    (
        "mapping values are not allowed",
        "a second `: ` on one line, or a line that is indented deeper than its neighbours",
        "put text that holds `: ` in quotes, and line up keys of one mapping",
    ),
    (
        "could not find expected ':'",
        "a key without a colon and a space behind it",
        "write key: value",
    ),
    (
        "found unexpected end of stream",
        "a quote that is not closed",
        "close the quote",
    ),
    (
        "expected ',' or ']'",
        "a list in brackets that is not closed, or misses a comma",
        "write [a, b]",
    ),
    (
        "expected ',' or '}'",
        "a mapping in braces that is not closed, or misses a comma",
        "write {key: value, other: value}, with keys that hold braces in quotes",
    ),
    (
        "but found '<stream end>'",
        "a bracket or brace that is not closed",
        "close it with ] or }",
    ),
    (
        "expected <block end>",
        "a line whose indentation fits none above it",
        "line up keys of one mapping, and do not mix list items and keys",
    ),
    (
        "mapping keys are not allowed",
        "a ? that marks a key where none can stand",
        "put text that begins with ? in quotes",
    ),
    (
        "expected '<document start>'",
        "content that belongs to no mapping or list of the document",
        "begin the document with a key, such as application: shop",
    ),
    (
        "sequence entries are not allowed",
        "a list item where none can stand",
        "begin the list on a line of its own",
    ),
    (
        "found undefined tag handle",
        "a tag, which documents do not use",
        "write plain values; put text that begins with ! in quotes",
    ),
    (
        "while scanning an alias",
        "an alias without a name",
        "put text that begins with * in quotes",
    ),
    (
        "while scanning an anchor",
        "an anchor without a name",
        "put text that begins with & in quotes",
    ),
    (
        "found unknown escape character",
        "an unknown escape after \\ in double quotes",
        "write \\\\, or use single quotes",
    ),
    (
        "expected escape sequence of",
        "an escape after \\ in double quotes that ends too early",
        "write two digits after \\x, four after \\u, eight after \\U, or use single quotes",
    ),
    (
        " tag expected",
        "a tag, which documents do not use",
        "put text that begins with ! in quotes",
    ),
    (
        "directive expected",
        "a line that begins with %, a directive, which documents do not use",
        "leave it out, or put text that begins with % in quotes",
    ),
    (
        "while scanning a block scalar",
        "text on the line of | or >, which begin a text of several lines",
        "begin the text on the next line, or put it in quotes",
    ),
    (
        "expected the node content",
        "a bracket, a comma or a dash where a value belongs",
        "put text that begins with it in quotes",
    ),
    (
        "that cannot start any token",
        "a character that text without quotes cannot begin with",
        "put the text in quotes",
    ),
)


def syntax_finding(error: Exception, text: str, read: Mark) -> Finding:
    """The finding for an exception of the YAML parser on `text`. read: how far the parser had come."""
    if not isinstance(error, MarkedYAMLError):
        hint = "look behind this place for escapes and directives that YAML lacks"
        return Finding(code="LK103", mark=read, problem="not YAML that can be read", hint=hint)
    at = error.problem_mark or error.context_mark
    begun = error.context_mark
    if at is not None and begun is not None and begun.line < at.line and _is_left_open(str(error.problem)):
        at = begun  # what is left open ends anywhere; the mistake is where it begins
    mark = Mark(at.line + 1, at.column + 1) if at is not None else Mark(1, 1)
    if at is not None and _is_tab(text, at.line, at.column):
        return Finding(
            code="LK104", mark=mark, problem="a tab where only spaces indent", hint="replace the tab by spaces"
        )
    words = " ".join(str(part) for part in (error.context, error.problem) if part)
    for part, problem, hint in _KNOWN:
        if part in words:
            return Finding(code="LK103", mark=mark, problem=f"not YAML: {problem}", hint=hint)
    return Finding(code="LK103", mark=mark, problem=f"not YAML: {words[:200]}")


def _is_left_open(problem: str) -> bool:
    return problem.startswith(("expected ','", "found unexpected end of stream"))


def _is_tab(text: str, line: int, column: int) -> bool:
    lines = text.splitlines()
    if line >= len(lines):
        return False
    before = lines[line][: column + 1]
    return before.endswith("\t") or ("\t" in before and not before[:column].strip())
