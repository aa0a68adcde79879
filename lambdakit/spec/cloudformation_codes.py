"""The diagnostics of what documents say in CloudFormation's own words, LK122 to LK128."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

CLOUDFORMATION_CODES: Final[Mapping[str, Explanation]] = {
    "LK122": Explanation(
        "a function that CloudFormation does not have",
        "In `cloudformation`, `conditions`, `outputs` and `overrides`, values may call CloudFormation's functions, as "
        "!Sub text or as {Fn::Sub: text}. !Equals, !And, !Or and !Not make conditions, and stand in `conditions` only; "
        "!GetAtt and the like stand anywhere but there. Those of the transform AWS::LanguageExtensions are not taken.",
    ),
    "LK123": Explanation(
        "a function called with the wrong argument",
        "Each of CloudFormation's functions takes an argument of one form: !GetAtt name.Attribute, !Join [separator, "
        "list], !If [condition, value, other]. In its long form, a call is the only key of its mapping.",
    ),
    "LK124": Explanation(
        "a reference to what the document does not have",
        "!Ref, !GetAtt, ${…} in !Sub and DependsOn name a resource of `cloudformation` by its logical id, one of "
        "`resources` or a function by its name, a construct by its path, such as orders/Table, and !Ref also a "
        "parameter or a pseudo parameter such as AWS::Region. Logical ids that the CDK makes up are not names: they "
        "change when the CDK does.",
    ),
    "LK125": Explanation(
        "a condition or mapping that is not declared",
        "Condition and !If name one of the document's `conditions`, !FindInMap one of its `mappings`.",
    ),
    "LK126": Explanation(
        "a logical id that is another's name",
        "A resource of `cloudformation` is named by its logical id, as resources, functions and parameters are by "
        "theirs. One name stands for one thing.",
    ),
    "LK127": Explanation(
        "an override that would do nothing",
        "Overrides are laid over the properties that a construct writes: mappings key by key, lists and everything "
        "else as a whole; a key that is a number means an item of a list that is there. !Ref AWS::NoValue removes a "
        "property, as it does everywhere in CloudFormation. An empty mapping changes nothing, and neither do settings "
        "of something that exists already outside of the stack.",
    ),
    "LK128": Explanation(
        "resources that refer to each other in a circle",
        "CloudFormation makes a resource after those that it names by !Ref, !GetAtt, !Sub or DependsOn, in "
        "`cloudformation` and in overrides, and after what a function is granted or a queue names. Where each of "
        "several would be made after the next, none can be first. A name that you give, or an ARN, is no reference; "
        "what two need of each other, as a policy, can be a resource of its own, made after both.",
    ),
}
