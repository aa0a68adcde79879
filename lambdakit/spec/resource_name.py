"""Names of `resources`, where the document refers to them."""

from __future__ import annotations

import re
from typing import Annotated, Final

from lambdakit.spec.names import CONSTRUCT_ID_LENGTH_MAX, CONSTRUCT_ID_PATTERN
from lambdakit.spec.refusal import Checked, patterned_text, refusal

_KEY_ARN: Final = re.compile("arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}")
RESOURCE_NAME: Final = patterned_text(
    CONSTRUCT_ID_PATTERN,
    allowed="a name of `resources`: a letter, then letters, digits, - and _",
    longest=CONSTRUCT_ID_LENGTH_MAX,
)
ResourceName = Annotated[str, RESOURCE_NAME]


def _read_key_name(value: object) -> str:
    if isinstance(value, str) and _KEY_ARN.fullmatch(value):
        problem = "a name of `resources` is needed, and this is an ARN"
        hint = f'add it there, `resources: {{master: {{kind: key, key_arn: "{value}"}}}}`, and write master'
        raise refusal("LK115", problem, hint)
    name: str = RESOURCE_NAME.read(value)
    return name


KeyName = Annotated[str, Checked(_read_key_name, RESOURCE_NAME.schema)]
SHARED: Final = "one of `resources`"
KEY_SAYS: Final = "the key of `resources` that encrypts it; AWS's own when absent"
