"""A template's text, JSON or YAML, as data.

Source: CloudFormation User Guide, "Template format", "Intrinsic function reference" (the short forms of YAML) and
"CloudFormation quotas".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from lambdakit.assembly.template import Template, parse_template
from lambdakit.errors import AssemblyError
from lambdakit.harness.deployment.cloudformation.refusal import Refused, invalid_template
from lambdakit.harness.deployment.plain_yaml import PlainLoader

# "CloudFormation quotas": what a template may hold of each; and its size, by where it comes from.
ITEMS_MAX: Final[Mapping[str, int]] = {"Mappings": 200, "Outputs": 200, "Parameters": 200, "Resources": 500}
BODY_BYTES_MAX: Final = 51_200
OBJECT_BYTES_MAX: Final = 1_048_576
# `!Ref x` and `!Condition x` are the functions whose long form has no `Fn::`.
_PLAIN: Final = frozenset({"Ref", "Condition"})


def read_template(text: str, *, name: str) -> Template:
    """The template that `text` holds. Refused with CloudFormation's ValidationError when it holds none.

    name: what messages call it.
    """
    data = _data(text)
    if not isinstance(data, dict):
        raise _malformed("unsupported structure.")
    try:
        template = parse_template(data, path=name)
    except AssemblyError as error:
        raise invalid_template(error) from None
    _check_size(template)
    return template


def read_snippet(text: str) -> object:
    """What a file for `AWS::Include` holds: JSON, or YAML without short forms. Refused when it is neither.

    Source: CloudFormation Template Reference, "AWS::Include transform", considerations: YAML and JSON can be mixed,
    shorthand notations are not supported in YAML snippets.
    """
    return _data(text, _SnippetLoader)


def _check_size(template: Template) -> None:
    resources = template.raw.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise _malformed("At least one Resources member must be defined.")
    for section, most in ITEMS_MAX.items():
        items = template.raw.get(section)
        if isinstance(items, dict) and len(items) > most:
            kind = section.lower()
            raise _malformed(f"Number of {kind}, {len(items)}, is greater than maximum allowed, {most}")


def _data(text: str, loader: type[_Loader] | None = None) -> object:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise _malformed(f"JSON not well-formed. {error}") from None
        except RecursionError:
            raise _malformed("JSON not well-formed. It is nested too deeply.") from None
    try:
        return yaml.load(text, Loader=loader or _Loader)
    except RecursionError:
        raise _malformed("YAML not well-formed. It is nested too deeply.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise _malformed(f"YAML not well-formed. {' '.join(str(error).split())}") from None


def _malformed(problem: str) -> Refused:
    return Refused("ValidationError", f"Template format error: {problem}")


class _Loader(PlainLoader):
    """With CloudFormation's tags."""

    def refused(self, problem: str) -> Exception:
        where = " in CloudFormation templates" if problem.endswith("not allowed") else ""
        return _malformed(problem + where)


class _SnippetLoader(_Loader):
    """The same without CloudFormation's tags."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    raise _malformed(f"short forms are not supported in what is included: write !{suffix} out")


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in _PLAIN else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _function)
_SnippetLoader.add_multi_constructor("!", _short_form)
