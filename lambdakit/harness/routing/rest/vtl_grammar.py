"""The Velocity Template Language: airspeed reads a template, and what it read is worked out as Velocity 1.7 does.

airspeed's elements find each other by their names in its module. So the module is loaded once more, for this alone, and
in that copy elements get methods of ours; airspeed itself stays as it is. Ours differ from airspeed's in how literals,
names and assignments are read (`vtl_parsing`), in what references and expressions give, never Python's attributes
(`vtl_references`), and in what directives do (`vtl_directives`). All work is counted.
Pinned to airspeed 0.7; tests/unit/harness/rest/test_harness_rest_velocity.py asks for every element that is changed.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

from lambdakit.harness.routing.rest.vtl_directives import DIRECTIVES, end_loop, parse_break
from lambdakit.harness.routing.rest.vtl_parsing import PARSING
from lambdakit.harness.routing.rest.vtl_references import REFERENCES
from lambdakit.harness.routing.rest.vtl_work import TemplateFailed, Work


@functools.cache
def grammar() -> Any:
    """The grammar of API Gateway's templates: see `new_grammar`."""
    return new_grammar()


def new_grammar(
    changes: Mapping[str, Mapping[str, Any]] | None = None, directives: Sequence[Mapping[str, Any]] = ()
) -> Any:
    """A module of elements: `TemplateBody(work, text)` reads a template, its `block.evaluate` writes it.

    An element has the module as `grammar`. changes: what differs from API Gateway's, members by the names of elements.
    directives: members of more directives. TemplateFailed where airspeed is not installed.
    """
    spec = importlib.util.find_spec("airspeed")
    if spec is None or spec.loader is None:
        raise TemplateFailed("the package airspeed is not installed, which mapping templates need")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module._Element.grammar = module
    for changed in (PARSING, REFERENCES, DIRECTIVES, changes or {}):
        for name, members in changed.items():
            for member, value in members.items():
                setattr(getattr(module, name), member, value)
    more = ({"parse": parse_break, "evaluate_raw": end_loop}, *directives)
    module.UserDefinedDirective.DIRECTIVES = [
        type(f"Directive{number}", (module._Element,), dict(members)) for number, members in enumerate(more)
    ]
    return module


def read_template(module: Any, text: str, *, kilobytes_max: int) -> Any:
    """The elements of a template, in the grammar that `module` is. TemplateFailed for one that cannot be read."""
    if len(text.encode("utf-8", "replace")) > kilobytes_max * 1024:
        raise TemplateFailed(f"the template is over {kilobytes_max} KB")
    try:
        return module.TemplateBody(Work(), text).block
    except module.TemplateError as error:
        raise TemplateFailed(str(error)) from None
    except module.NoMatch:
        raise TemplateFailed("a directive of the template is not complete") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise TemplateFailed(f"the template cannot be read: {error}") from None
