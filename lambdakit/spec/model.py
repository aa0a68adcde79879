"""What all models of the document have in common.

Two habits of theirs save a seventh of what `lambdakit validate` takes. A model's validator is made when the model is
first used on its own (`defer_build`): nearly all are used within `Application` alone, whose validator has theirs in it.
And the modules that define models do without `from __future__ import annotations`, or pydantic would have to compile
and evaluate each annotation's text again.
"""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """The settings that all models of the document share."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True)
