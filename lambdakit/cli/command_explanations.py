"""The stories behind the codes of commands that read templates: `diff`, `graph` and `import`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.codes import Explanation

TEMPLATES: Final[Mapping[str, Explanation]] = {
    "LK250": Explanation(
        "nothing to compare with",
        "`lambdakit diff` compares with cdk.out beside the document, as `lambdakit synth` leaves it there, or with the "
        "assembly or template that --against names. Synthesize the state to compare with, such as that of the main "
        "branch, and name its directory.",
    ),
    "LK251": Explanation(
        "a template of no known stack",
        "An application of several stacks is compared with a template only where the template's file name begins with "
        "the stack's name and a dot, as shop.template.json does.",
    ),
    "LK252": Explanation(
        "not a template that can be read in",
        "`lambdakit import` reads templates of the Serverless Application Model: YAML or JSON with "
        "`Transform: AWS::Serverless-2016-10-31` and functions among the Resources. A serverless.yml is another "
        "language: `serverless package` writes the CloudFormation of it, which deploys here as it is.",
    ),
    "LK253": Explanation(
        "nothing that a document can say",
        "A document is made of functions and what starts them. The template holds no AWS::Serverless::Function that a "
        "pattern could be made of; the report says why each was left out.",
    ),
    "LK254": Explanation(
        "a file that is there already", "Nothing is written over it. Name another by -o, or move it away."
    ),
    "LK256": Explanation(
        "something of a SAM template that was not carried over",
        "The document that `lambdakit import` wrote is valid, and lacks what the message names. The hint says how a "
        "document says it, where one does; the rest is built beside it, with the CDK.",
    ),
    "LK255": Explanation(
        "a picture of nothing",
        "The stacks hold nothing that `lambdakit graph` draws: no API, no function, no data.",
    ),
}
