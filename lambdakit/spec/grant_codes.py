"""The diagnostics of what functions are granted, LK144 to LK147."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

GRANT_CODES: Final[Mapping[str, Explanation]] = {
    "LK144": Explanation(
        "a name that stands for nothing",
        "A function's grants, and its destinations on_success and on_failure, name what `resources` and `functions` "
        "have, or a function of another pattern: by the route's name, or the pattern's key.",
    ),
    "LK145": Explanation(
        "an access that such a resource has not",
        "A table and a stream can be read, written, or both (read_write), a bucket also read_write_delete; a queue "
        "takes publish or consume, a topic and an event bus publish; a key read (to decrypt), write (to encrypt) or "
        "both; a secret and a parameter read; a state machine and a function invoke.",
    ),
    "LK146": Explanation(
        "a variable that two things give",
        "From a grant's name follows the function's variable: jobs, a queue, gives JOBS_QUEUE_URL. environment may say "
        "that variable otherwise, and then goes first. Two names that give one variable, or one variable in two of "
        "environment, secrets and ssm_parameters, would hide each other.",
    ),
    "LK147": Explanation(
        "functions and state machines in a circle",
        "A function depends on what it may invoke, by its role and by the variable that names it; a state machine "
        "depends on the functions in its definition. CloudFormation makes one after the other, so a circle could "
        "never be made. A function may not invoke itself, nor one of its own pattern, either. What has to go both ways "
        "goes through a queue or an event bus.",
    ),
}
