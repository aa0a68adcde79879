"""Every diagnostic of a document by its code: a title, and the story that `lambdakit explain` tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lambdakit.spec.cloudformation_codes import CLOUDFORMATION_CODES
from lambdakit.spec.event_codes import EVENT_CODES
from lambdakit.spec.explanation import Explanation as Explanation
from lambdakit.spec.function_codes import FUNCTION_CODES
from lambdakit.spec.grant_codes import GRANT_CODES
from lambdakit.spec.resource_codes import RESOURCE_CODES
from lambdakit.spec.stack_codes import STACK_CODES
from lambdakit.spec.store_codes import STORE_CODES

CODES: Final[Mapping[str, Explanation]] = {
    "LK100": Explanation(
        "the document cannot be read",
        "The path names no file, a directory, or a file that the operating system does not let this user read. "
        "A document is one YAML file, usually called lambdakit.yaml, in the project's directory.",
    ),
    "LK101": Explanation(
        "the document is too large",
        "A document of a hundred functions has some 20 KB. Anything above 1 MiB is a file of another kind, or one "
        "that a program wrote by mistake, and is not read.",
    ),
    "LK102": Explanation(
        "the document is not UTF-8 text",
        "Documents are UTF-8, with or without a byte order mark, and hold printable characters only, as YAML asks. "
        "The place is that of the first byte or character that is not. Save the file as UTF-8 in your editor.",
    ),
    "LK103": Explanation(
        "the document is not YAML",
        "The YAML 1.2 parser could not read on at this place; the block around it is left out of what else is looked "
        "at. The cause is often in the line before: a bracket or a quote left open, a colon without a space, or an "
        "indentation that fits no line above. In {braces}, keys that hold braces themselves, such as "
        "GET /orders/{order_id}, need quotes.",
    ),
    "LK104": Explanation(
        "a tab indents a line",
        "YAML indents with spaces only, because the width of a tab is not defined. Let your editor insert spaces.",
    ),
    "LK105": Explanation(
        "a key is given twice",
        "One mapping holds the same key twice. YAML does not say which of the two counts, so neither is taken. "
        "To change a key that comes from a merge (<<), write it once: the mapping's own key goes first.",
    ),
    "LK106": Explanation(
        "an alias leads nowhere",
        "*name repeats the value that &name marked earlier in the document. The name is not defined before this "
        "place, or the alias stands within the value that it repeats, which would then have no end.",
    ),
    "LK107": Explanation(
        "the document is too deep or too wide",
        "A document may nest 64 lists and mappings and hold 50,000 values, those that aliases repeat counted each "
        "time. The limits keep a few lines of nested aliases from filling the machine's memory.",
    ),
    "LK108": Explanation(
        "a part of YAML that documents do not use",
        "Documents consist of mappings with text keys, lists and plain values, in one YAML document a file, with "
        "anchors, aliases and merges. Lists and mappings as keys, merges of anything but mappings, and further "
        "documents after --- are not used. Tags such as !Ref or !Sub stand in `cloudformation`, `conditions`, "
        "`outputs` and `overrides` only.",
    ),
    "LK109": Explanation(
        "the document has no keys",
        "A document is a mapping with the key application and at least one part, such as patterns. This one is empty, "
        "or a list or a single value stands at its top.",
    ),
    "LK110": Explanation(
        "a key is missing",
        "The mapping at this place needs the key that the message names. A function needs code and handler of its "
        "own: defaults do not have them. A document has something to deploy: one of patterns, functions, resources and "
        "cloudformation.",
    ),
    "LK111": Explanation(
        "an unknown key",
        "The mapping at this place has no such key, and a key that nobody reads would be a setting that silently does "
        "nothing. Keys are the CDK's Python property names, such as memory_size; the hint names the nearest known "
        "one. `lambdakit schema` prints all of them.",
    ),
    "LK112": Explanation(
        "a value of the wrong kind",
        "The value is of another kind than the key takes: a number where text belongs, text where a list belongs, a "
        "bare number where a duration with its unit belongs. YAML reads 3.13, true and 007 without quotes as numbers "
        "and truth values; in quotes they are text. Only true and false are truth values, yes and on are text.",
    ),
    "LK113": Explanation(
        "a word that is not allowed here",
        "The key takes one of a few words, which the message lists, and this is none of them.",
    ),
    "LK114": Explanation(
        "a number out of bounds",
        "The number is below the least or above the most that AWS takes, or that makes sense here. The bounds are "
        "those of AWS's own documentation; a deployment would fail with the same value.",
    ),
    "LK115": Explanation(
        "text of the wrong form",
        "The text does not have the form that the key asks for: a name with characters that AWS does not take, a "
        "duration without a unit (30s, 5m, 12h, 1d), a size with an unknown unit (512, 512 MiB, 1 GiB), an origin "
        "with a path, or text that is too long.",
    ),
    "LK116": Explanation(
        "an empty value",
        "The key has nothing behind it, or null or ~. Absence already means the default, so an empty value is most "
        "likely one that was forgotten, or whose lines are indented too little. Write it, or leave the key out.",
    ),
    "LK117": Explanation(
        "a runtime that Lambda does not create functions on",
        "The identifier is unknown, or that of a runtime that AWS has deprecated. The hint names the nearest "
        "supported one. Source: AWS Lambda Developer Guide, Lambda runtimes.",
    ),
    "LK118": Explanation(
        "a reserved environment variable",
        "Lambda sets this variable itself in every execution environment and refuses functions that define it. The "
        "region, for one, is in AWS_REGION without any setting.",
    ),
    "LK119": Explanation(
        "a route key that is not METHOD /path",
        "A route key is a method in capitals (GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, or ANY), one space, and a "
        "path; or $default, which takes every request that no other route takes. A segment of a path is text or a "
        "variable {name}; the last may be a greedy variable {name+}, which takes the rest. Paths do not end with a "
        "slash.",
    ),
    "LK120": Explanation(
        "too many entries, or none",
        "A list or mapping has more entries than AWS takes (five layers a function, 300 routes an API), or none where "
        "at least one is needed.",
    ),
    "LK121": Explanation(
        "a setting beside function",
        "A route with `function:` is answered by the function that another route defines, with that function's "
        "settings. It can have none of its own.",
    ),
    **CLOUDFORMATION_CODES,
    "LK130": Explanation(
        "two functions of one name",
        "The names of an application's functions differ, so that a name in a test, a report or the harness means one "
        "function. Without `name` a function is called by its route's method and path in snake case. To answer two "
        "routes with one function, write {function: its_name} in the second.",
    ),
    "LK131": Explanation(
        "a function that no route defines",
        "`function:` takes the name of a function that another route of the same pattern defines: its `name`, or "
        "else the route's method and path in snake case.",
    ),
    "LK132": Explanation(
        "a layer that the document does not define",
        "Functions name layers by their keys under the top-level `layers`, each at most once.",
    ),
    "LK133": Explanation(
        "access to a table that is not there",
        "`table_access` grants the function access to its pattern's `table`, and this pattern has none.",
    ),
    "LK134": Explanation(
        "routes that cannot be told apart",
        "API Gateway chooses a route by method and path; the name of a variable has no part in it, so GET /a/{x} and "
        "GET /a/{y} are the same route. Within one path, each variable needs a name of its own, because the event "
        "holds one value for each name.",
    ),
    "LK135": Explanation(
        "an environment above 4 KB",
        "The names and values of a function's environment variables, the defaults' included, may take 4,096 bytes "
        "together. Source: AWS Lambda Developer Guide, Lambda quotas.",
    ),
    "LK136": Explanation(
        "a code directory that does not exist",
        "`code` names a directory, relative to the document's own directory, whose content becomes the function's or "
        "the layer's package. There is no such directory, or it is a file, or it cannot be read.",
    ),
    "LK137": Explanation(
        "code outside the project",
        "`code` stays within the document's directory, so that a document never packages files that its project does "
        "not hold. Absolute paths, paths that climb out with .. and symbolic links to the outside are refused.",
    ),
    "LK138": Explanation(
        "a handler without its module or function",
        "A Python handler is module.function: app.create needs app.py, or the package app, in the code directory or "
        "under python/ in one of the function's layers, and create in it. In Node.js, index.handler needs index.js, "
        "index.mjs or index.cjs, and handler among its exports. Deployed like this, every invocation would end with "
        "Runtime.ImportModuleError or Runtime.HandlerNotFound.",
    ),
    "LK139": Explanation(
        "patterns whose outputs collide",
        "A pattern's outputs are called by its key in PascalCase and a suffix, such as OrdersUrl, and a stack's "
        "outputs have different names. my-orders and my_orders both give MyOrdersUrl.",
    ),
    "LK140": Explanation(
        "a derived name that is too long",
        "A route without `name` calls its function by method and path in snake case, and Lambda takes names of up to "
        "64 characters. Give this route a `name`.",
    ),
    "LK141": Explanation(
        "more provisioned than reserved",
        "Provisioned concurrency counts towards a function's reserved concurrency and cannot exceed it; Lambda "
        "refuses the alias otherwise.",
    ),
    "LK142": Explanation(
        "one attribute in two roles",
        "A table's sort key is another attribute than its partition key, and the attribute that holds an item's "
        "expiry is a number, which a key of type string or binary is not.",
    ),
    "LK143": Explanation(
        "credentials from every origin",
        "A browser ignores a permission for credentials that comes with the origin *, and the CDK refuses the "
        "combination. Name the origins that may send cookies or authorization.",
    ),
    **GRANT_CODES,
    **STACK_CODES,
    "LK160": Explanation(
        "a network that cannot be",
        "A NAT gateway stands in a zone's public subnet, and there is at most one in each; an endpoint is made once "
        "for the whole network. An existing VPC has as many of the named subnets in each of its zones.",
    ),
    **RESOURCE_CODES,
    "LK170": Explanation(
        "a batch that no queue gives",
        "SQS gives ten messages at once. Lambda gathers larger batches when a max_batching_window says for how long, "
        "up to 10,000 messages, and from standard queues only: those of a FIFO queue have their order, and ten at "
        "most. content_based_deduplication is a setting of FIFO queues.",
    ),
    "LK171": Explanation(
        "messages that come again while they are handled",
        "A message that Lambda received is hidden for the queue's visibility_timeout. When that ends before the "
        "function does, the message is handled twice, and Lambda refuses the mapping. AWS advises six times the "
        "function's timeout and the batching window, which is what a queue of the pattern's own has when nothing is "
        "written.",
    ),
    "LK172": Explanation(
        "a failure path that the source cannot have",
        "Asynchronous events go to a standard queue, a topic, a bucket or an event bus, discarded records of a stream "
        "to one of the first three. A message of a queue moves to another queue of the same kind, by the redrive of "
        "its own queue, which an existing queue has already. A user pool waits for the function's answer, so no event "
        "is left to send on.",
    ),
    "LK173": Explanation(
        "a target's name that is taken",
        "From a target's name follow a construct id, an output and the function's variable: processed gives "
        "PROCESSED_BUCKET_NAME. So two targets differ in more than case and punctuation, and none is called like a "
        "part that the pattern itself has, such as FailureQueue.",
    ),
    "LK174": Explanation(
        "a state machine without a definition",
        "A step_functions target is either a new state machine, whose definition is a file in the project with an "
        "object of Amazon States Language, or an existing one, named by state_machine_arn.",
    ),
    "LK175": Explanation(
        "a setting that nothing would read",
        "A name or an ARN stands for something that exists and was set up where it was made. Settings of a new one "
        "beside it would do nothing, so they are refused. The same holds for retries of a rule where an S3 source is "
        "notified without one.",
    ),
    "LK176": Explanation(
        "a source whose settings do not fit together",
        "An alarm's period is 10, 20 or 30 seconds or whole minutes, and no more datapoints than periods can be past "
        "its threshold. A schedule's window is whole minutes. A Config rule is started by changes or by time. A user "
        "pool has one function for each trigger, and waits five seconds for its answer.",
    ),
    **FUNCTION_CODES,
    **EVENT_CODES,
    "LK180": Explanation(
        "state that cannot be handed on",
        "With a tumbling_window, Lambda hands the function's state from one batch of a shard to the next, so that "
        "there is one batch of a shard at once: a parallelization_factor above 1 does not go with it.",
    ),
    "LK181": Explanation(
        "a time to begin at that is missing, or not used",
        "starting_position: at_timestamp reads a stream from starting_position_timestamp on, the second since 1970. "
        "One without the other means nothing, and Lambda refuses the mapping.",
    ),
    "LK182": Explanation(
        "pollers that are missing, or too few",
        "Retries, ages, bisecting and partial responses of Kafka are settings of provisioned mode: of pollers that the "
        "mapping has for itself, between minimum_pollers and maximum_pollers. Without them, Lambda tries a failed "
        "batch until its records expire.",
    ),
    "LK183": Explanation(
        "no table whose changes are handled, or two",
        "A dynamo_stream source is either a new table, written as table, or the stream of an existing one, written as "
        "table_stream_arn.",
    ),
    "LK184": Explanation(
        "a stream that feeds itself",
        "The function delivers to where its records come from, so that each record makes the next. Lambda ends such "
        "loops with queues and topics, not with streams.",
    ),
    "LK185": Explanation(
        "a prefix for failed records that is missing",
        "Once the prefix of delivered objects holds expressions, !{timestamp:…} or !{partitionKeyFromQuery:…}, "
        "Firehose wants an error_prefix as well, which holds !{firehose:error-output-type}.",
    ),
    "LK190": Explanation(
        "a route that this type of API cannot have",
        "A function_url has one route, $default or ANY /{proxy+}. A REST API has one variable below each part of a "
        "path, so GET /a/{x} and GET /a/{y}/b do not go together, and $default is its ANY / and ANY /{proxy+}. A load "
        "balancer's rules write every variable as *, which takes slashes, too, and hold five values. type: http "
        "knows no such limits.",
    ),
    "LK191": Explanation(
        "a route that is public already",
        "authorizer: none lets everybody call one route of an API whose authorizer guards the others. Without an "
        "authorizer, or on another route of a WebSocket API than $connect, it would say nothing.",
    ),
    "LK192": Explanation(
        "a load balancer without its place",
        "A load balancer stands in the document's network, in two zones at least; one that is internet_facing in "
        "public subnets, which a network has where it has NAT gateways, and behind a certificate, so that nothing is "
        "sent in plain text.",
    ),
    "LK193": Explanation(
        "a user pool that is new and existing",
        "A cognito authorizer makes a user pool, by the settings in user_pool, and a client; or it takes an existing "
        "one, by user_pool_id and, for an HTTP API, the client_ids whose tokens are taken.",
    ),
    "LK194": Explanation(
        "indexes that do not fit their table",
        "The indexes of a table differ in their names, an index's two keys are different attributes, an attribute has "
        "one type in all keys, and non_key_attributes belong to projection_type: include.",
    ),
    "LK195": Explanation(
        "a schema that nothing reads",
        "A REST API checks bodies by a route's request_schema where it says request_validation: true. Other types of "
        "APIs hand every request to the function, which checks it itself.",
    ),
    **STORE_CODES,
    "LK199": Explanation(
        "more problems than are shown",
        "The first 100 are shown. Mend them, and run again.",
    ),
}
