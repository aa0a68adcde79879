"""Names of `resources`, where the document refers to them."""

from __future__ import annotations

from typing import Annotated, Final

from lambdakit.spec.names import CONSTRUCT_ID_LENGTH_MAX, CONSTRUCT_ID_PATTERN
from lambdakit.spec.refusal import patterned_text

ResourceName = Annotated[
    str,
    patterned_text(
        CONSTRUCT_ID_PATTERN,
        allowed="a name of `resources`: a letter, then letters, digits, - and _",
        longest=CONSTRUCT_ID_LENGTH_MAX,
    ),
]
SHARED: Final = "one of `resources`"
