"""The story behind the diagnostic codes of raw resources and overrides, LK460 to LK466."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.codes import Explanation

CLOUDFORMATION: Final[Mapping[str, Explanation]] = {
    "LK460": Explanation(
        "a path at which no resource is",
        "Overrides and references name a construct by its path, as in the template's aws:cdk:path without the stack's "
        "name and without /Resource at its end: orders/Table. In overrides it begins below the part that they stand "
        "at, and . is that part itself. The hint lists the paths there are. What exists outside of the stack has none.",
    ),
    "LK461": Explanation(
        "a property that the type does not have",
        "Properties are spelled as CloudFormation does, SSESpecification and not sse_specification. They are compared "
        "with the CDK's own class for the resource's type, at every depth. Properties newer than the installed "
        "aws-cdk-lib come with a newer one.",
    ),
    "LK462": Explanation(
        "a property of the wrong kind, or missing",
        "The CDK's class for the type says whether a property is text, a number, true or false, a list or a mapping, "
        "and which ones a mapping needs. A call of a function, such as !Ref, may stand for any of them.",
    ),
    "LK463": Explanation(
        "a type of resource that the CDK does not know",
        "Types of AWS's are AWS::Service::Resource. Custom::Anything and types of the registry are taken as they are.",
    ),
    "LK464": Explanation(
        "an override that does not fit what is there",
        "A list is replaced as a whole, or item by item where its places are the keys: {0: {Sid: Mine}} is laid over "
        "the first. A mapping with other keys, and a place beyond the list's end, can be laid over no list.",
    ),
    "LK465": Explanation(
        "an attribute that the resource does not have",
        "!GetAtt and ${name.Attribute} read attributes of the resource's type; the hint names the nearest one.",
    ),
    "LK466": Explanation(
        "a logical id that is taken",
        "A resource, an output, a condition or a mapping of the document has the logical id of one that the CDK makes. "
        "Those of resources end in eight characters of a hash; those of outputs are the pattern's key and a suffix.",
    ),
}
