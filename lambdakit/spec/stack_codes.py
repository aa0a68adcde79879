"""The diagnostics of a document's stacks, files, environments and parameters, LK148 to LK159."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.explanation import Explanation

STACK_CODES: Final[Mapping[str, Explanation]] = {
    "LK148": Explanation(
        "stacks that would each be deployed before the other",
        "What a stack uses of another is exported there, so that the other is deployed first. Two stacks that use each "
        "other, or several in a circle, can never be. So it is with two things that name each other: the queue that an "
        "EventBridge rule sends what failed to, and a bucket with notifications, stand where their pattern does. "
        "Move one of the parts, or what both use into a stack of its own.",
    ),
    "LK149": Explanation(
        "what cannot be said of another stack",
        "!Ref, !GetAtt and !Sub of what is in another stack become an export there and an import here, and DependsOn "
        "has the other stack deployed first. One value can be exported, and only if it is always there: nothing of a "
        "resource under a condition, and no attribute whose name only the deployment knows. `conditions`, `mappings` "
        "and `outputs` are the application's own stack's, and what exists already is in none.",
    ),
    "LK150": Explanation(
        "a stack of more than 500 resources",
        "CloudFormation takes 500 resources in a stack, and a function behind an API is nine of them: function, "
        "version, alias, role, policy, log group, integration, permission and route. Patterns, functions and resources "
        "with `stack: <name>` stand in a further stack, <application>-<name>, and use what is in others as before.",
    ),
    "LK151": Explanation(
        "an included file that cannot be read",
        "`include` names YAML files of the project, relative to the document's directory, also where an included file "
        "includes another. There is no such file, or it is a directory, too large, empty, or not readable.",
    ),
    "LK152": Explanation(
        "an included file outside the project",
        "A document is made of its project's files alone. Absolute paths, paths that climb out with .. and symbolic "
        "links to the outside are refused.",
    ),
    "LK153": Explanation(
        "a file that is included once too often",
        "Each file is included once, by the document or by another file, so that no two include each other. At most "
        "100 files are included, and each is at most 8 files away from the document.",
    ),
    "LK154": Explanation(
        "a key that two files write",
        "Included files come together with the document key by key, mappings within mappings as well, so that "
        "patterns and even one pattern's routes can lie in several files. No file goes before another: a key whose "
        "value two of them write is refused at both places. What shall differ from stack to stack is written below "
        "environments.",
    ),
    "LK155": Explanation(
        "an environment that the document does not have",
        "--environment takes one of the names below `environments`, in the document or in a file that it includes.",
    ),
    "LK156": Explanation(
        "an overlay that removes nothing",
        "In an environment's overlay `none`, without quotes, removes the key that the document has at this place. The "
        "document has no such key, so that a misspelt one would silently stay. Where a key takes the word itself, as "
        'table_access does, none is that word. The text "none" of a variable or a tag is written in quotes.',
    ),
    "LK157": Explanation(
        "a reference to no parameter",
        "In a document that declares parameters, ${Name} in environment variables and descriptions stands for the "
        "value of one of them; ${!Name} is the text itself. ${AWS::Region}, ${AWS::AccountId}, ${AWS::Partition}, "
        "${AWS::StackName}, ${AWS::StackId} and ${AWS::URLSuffix} stand for where the stack is, in every document. "
        "Attributes such as ${jobs.Arn} cannot stand in a text: grants give a function the names and ARNs of what it "
        "uses, and overrides take !Sub. In tags ${Name} is always a parameter. A list cannot stand in a text. Nor does "
        "the text become another one where an environment removes the parameter, or where only an environment declares "
        "it.",
    ),
    "LK158": Explanation(
        "a parameter that contradicts itself",
        "CloudFormation checks a parameter's value against its type, its length or its bounds, allowed_values and "
        "allowed_pattern. Lengths and patterns are for text, bounds for numbers, and a default is a value like any "
        "other, so it has to pass.",
    ),
    "LK159": Explanation(
        "a stack that cannot have its name",
        "The stack of parts with `stack: <name>` is called <application>-<name>, and that of an environment "
        "<application>-<environment> or <application>-<name>-<environment>. CloudFormation takes 128 characters, no "
        "two stacks have one name, and names that differ in case alone would be one template file on some systems.",
    ),
}
