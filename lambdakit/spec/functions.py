"""A function of no pattern, that others are granted to invoke."""

from pydantic import Field

from lambdakit.spec.acknowledged import ACKNOWLEDGE_EXAMPLES, ACKNOWLEDGE_SAYS, Acknowledged
from lambdakit.spec.function import FunctionSettings
from lambdakit.spec.stacked import Stacked


class LoneFunction(Stacked, FunctionSettings):
    """A function of no pattern."""

    acknowledge: Acknowledged = Field(default_factory=dict, description=ACKNOWLEDGE_SAYS, examples=ACKNOWLEDGE_EXAMPLES)
