"""The stories behind the codes of commands that read templates, `diff`, `graph` and `import`, and of `eject`."""

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
        "`Transform: AWS::Serverless-2016-10-31` and functions among the Resources; templates without it that have an "
        "AWS::Lambda::Function; and a serverless.yml of the Serverless Framework, with `provider` and `functions`.",
    ),
    "LK253": Explanation(
        "nothing that a document can say",
        "A document is made of functions and what starts them. The template holds no function that a pattern "
        "could be made of; the report says why each was left out.",
    ),
    "LK254": Explanation(
        "a file that is not written",
        "One is there already, and nothing is written over it; or its directory does not exist, or may not be written "
        "to. Name another by -o.",
    ),
    "LK256": Explanation(
        "something of a template that was not carried over",
        "The document that `lambdakit import` wrote is valid, and lacks what the message names. What patterns cannot "
        "say stands in it in CloudFormation's words, below cloudformation and overrides; a message is about what could "
        "not be said so either, or would mean something else. An API that could not keep its way of asking who calls "
        "lets in signed requests only. The hint says how a document says it, where one does; the rest is built beside "
        "it, with the CDK.",
    ),
    "LK255": Explanation(
        "a picture of nothing",
        "The stacks hold nothing that `lambdakit graph` draws: no API, no function, no data.",
    ),
    "LK257": Explanation(
        "ejected files that are there already",
        "`lambdakit eject` writes app.py, cdk.json and a module for each stack, and nothing over what is there. Name "
        "another directory by -o, beside the document or below it, or replace the files with --force.",
    ),
    "LK258": Explanation(
        "no place for ejected files",
        "The directory for them is a file or a broken link, cannot be made, or may not be written to.",
    ),
    "LK259": Explanation(
        "a picture in a form that is not drawn",
        "`lambdakit graph` draws SVG, which browsers and editors show and other programs turn into what else is "
        "needed, and Mermaid's text, for a file of any other name.",
    ),
    "LK260": Explanation(
        "no room for what is written",
        "The disk, or what standard output leads to, is full, or the account's share of it is. What was begun may be "
        "incomplete: make room, and run the command again.",
    ),
    "LK261": Explanation(
        "a file or directory that may not be used",
        "The file system refuses it: this user may not read or write it or a directory above it, it is read-only, its "
        "name is too long, or its links lead in a circle.",
    ),
    "LK434": Explanation(
        "a part of a document that cannot be ejected",
        "`lambdakit eject` writes down what the document's constructs are made of. The message says for what part no "
        "code can be written. This is a gap, not a mistake of yours: report it, or eject without that part.",
    ),
    "LK435": Explanation(
        "ejected code that is not the document's equal",
        "Before a file is written, the code runs, and its templates are compared with the document's. They differ, "
        "at the place that the message names, so nothing was written. This is a defect: report it with the document.",
    ),
}
