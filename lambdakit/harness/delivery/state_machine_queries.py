"""What a JSONata expression of a state machine gives, with the functions that Step Functions adds to the language.

Source: AWS Step Functions Developer Guide, "Transforming data with JSONata in Step Functions".
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lambdakit.harness.moto_state.state_queries import QueryFailed

_ALGORITHMS: Final[Mapping[str, str]] = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}


def evaluate(expression: str) -> Any:
    """An expression's value, as JSON has it; None for null, and for what is undefined. QueryFailed when it has none."""
    from jsonata import Jsonata
    from jsonata.jexception import JException

    try:
        program = Jsonata(expression)
        for name, function in _FUNCTIONS.items():
            program.assign(name, Jsonata.JLambda(function))
        return json.loads(json.dumps(program.evaluate(None)))
    except JException as error:
        raise QueryFailed(f"{error.error}: {error}") from None
    except RecursionError:
        raise QueryFailed("U1001: Stack overflow error: Check for non-terminating recursive function") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise QueryFailed(str(error)) from None


def partition(array: Sequence[Any] | None, size: int) -> list[list[Any]]:
    """$partition: the array in pieces of a size."""
    values = [] if array is None else list(array) if isinstance(array, list) else [array]
    if size <= 0:
        raise ValueError("the chunk size of $partition must be greater than 0")
    return [values[at : at + size] for at in range(0, len(values), size)]


def stepped(first: float, last: float, step: float) -> list[float]:
    """$range: from the first to the last, both included."""
    if step == 0:
        raise ValueError("the step of $range must not be 0")
    return [first + at * step for at in range(math.floor((last - first) / step) + 1)]


def digest(text: str, algorithm: str) -> str:
    """$hash: in hexadecimal."""
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"{algorithm} is none of $hash's algorithms: {', '.join(_ALGORITHMS)}")
    return hashlib.new(_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def drawn(seed: object = None) -> float:
    """$random: at least 0 and below 1; the same for the same seed."""
    return random.random() if seed is None else random.Random(json.dumps(seed)).random()


def _no_eval(*_given: object) -> None:
    raise ValueError("$eval is not supported: use $parse")


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "partition": partition,
    "range": stepped,
    "hash": digest,
    "random": drawn,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
    "eval": _no_eval,
}
