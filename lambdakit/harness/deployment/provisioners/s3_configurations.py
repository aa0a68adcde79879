"""The configurations of a bucket in the S3 API's words, made from CloudFormation's: the two name the same differently.

Source: CloudFormation Template Reference, "AWS::S3::Bucket" and its property types; S3 API Reference, "PutBucket…".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lambdakit.harness.deployment.property_tree import PropertyTree, reads
from lambdakit.harness.deployment.service_call import as_flag

Configuration = Mapping[str, Any]

_TRANSITION: Final = reads("StorageClass TransitionDate TransitionInDays")
_NONCURRENT_TRANSITION: Final = reads("NewerNoncurrentVersions StorageClass TransitionInDays")
_TAG: Final = reads("Key Value")
_FILTER: Final = reads(S3Key=reads(Rules=reads("Name Value")))

CORS: Final[PropertyTree] = reads(
    CorsRules=reads("AllowedHeaders AllowedMethods AllowedOrigins ExposedHeaders Id MaxAge")
)
ENCRYPTION: Final[PropertyTree] = reads(
    ServerSideEncryptionConfiguration=reads(
        "BucketKeyEnabled",
        BlockedEncryptionTypes=reads("EncryptionType"),
        ServerSideEncryptionByDefault=reads("KMSMasterKeyID SSEAlgorithm"),
    )
)
LIFECYCLE: Final[PropertyTree] = reads(
    "TransitionDefaultMinimumObjectSize",
    Rules=reads(
        "ExpirationDate ExpirationInDays ExpiredObjectDeleteMarker Id NoncurrentVersionExpirationInDays "
        "ObjectSizeGreaterThan ObjectSizeLessThan Prefix Status",
        AbortIncompleteMultipartUpload=reads("DaysAfterInitiation"),
        NoncurrentVersionExpiration=reads("NewerNoncurrentVersions NoncurrentDays"),
        NoncurrentVersionTransition=_NONCURRENT_TRANSITION,
        NoncurrentVersionTransitions=_NONCURRENT_TRANSITION,
        TagFilters=_TAG,
        Transition=_TRANSITION,
        Transitions=_TRANSITION,
    ),
)
NOTIFICATIONS: Final[PropertyTree] = reads(
    EventBridgeConfiguration=reads("EventBridgeEnabled"),
    LambdaConfigurations=reads("Event Function", Filter=_FILTER),
    QueueConfigurations=reads("Event Queue", Filter=_FILTER),
    TopicConfigurations=reads("Event Topic", Filter=_FILTER),
)
OBJECT_LOCK: Final[PropertyTree] = reads(
    "ObjectLockEnabled", Rule=reads(DefaultRetention=reads("Days DefaultEventHold Mode Years"))
)
REPLICATION: Final[PropertyTree] = reads(
    "Role",
    Rules=reads(
        "Id Prefix Priority Status",
        DeleteMarkerReplication=reads("Status"),
        Destination=reads(
            "Account Bucket StorageClass",
            AccessControlTranslation=reads("Owner"),
            EncryptionConfiguration=reads("ReplicaKmsKeyID"),
            Metrics=reads("Status", EventThreshold=reads("Minutes")),
            ReplicationTime=reads("Status", Time=reads("Minutes")),
        ),
        Filter=reads("Prefix", And=reads("Prefix", TagFilters=_TAG), TagFilter=_TAG),
        SourceSelectionCriteria=reads(ReplicaModifications=reads("Status"), SseKmsEncryptedObjects=reads("Status")),
    ),
)
WEBSITE: Final[PropertyTree] = reads(
    "ErrorDocument IndexDocument",
    RedirectAllRequestsTo=reads("HostName Protocol"),
    RoutingRules=reads(
        RedirectRule=reads("HostName HttpRedirectCode Protocol ReplaceKeyPrefixWith ReplaceKeyWith"),
        RoutingRuleCondition=reads("HttpErrorCodeReturnedEquals KeyPrefixEquals"),
    ),
)


def cors(configuration: Configuration) -> dict[str, Any]:
    """`CORSConfiguration`."""
    names = {"ExposedHeaders": "ExposeHeaders", "MaxAge": "MaxAgeSeconds", "Id": "ID"}
    return {"CORSRules": [_renamed(rule, names) for rule in configuration["CorsRules"]]}


def encryption(configuration: Configuration) -> dict[str, Any]:
    """`ServerSideEncryptionConfiguration`. A rule that only blocks kinds of encryption leaves the default as it is.

    Source: Amazon S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets": SSE-S3.
    """
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    rules = configuration["ServerSideEncryptionConfiguration"]
    return {"Rules": [{**default, **_renamed(rule, names)} for rule in rules]}


def lifecycle(configuration: Configuration) -> dict[str, Any]:
    """`LifecycleConfiguration`."""
    return {"Rules": [_lifecycle_rule(rule) for rule in configuration["Rules"]]}


def notifications(configuration: Configuration) -> dict[str, Any]:
    """`NotificationConfiguration`."""
    result: dict[str, Any] = {}
    kinds = (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
    )
    for given, name, target, arn in kinds:
        entries = [_notification(entry, target, arn) for entry in configuration.get(given) or ()]
        if entries:
            result[name] = entries
    # CloudFormation Template Reference, "EventBridgeConfiguration": naming it is enough.
    bridge = configuration.get("EventBridgeConfiguration")
    if bridge is not None and as_flag(bridge.get("EventBridgeEnabled", True)):
        result["EventBridgeConfiguration"] = {}
    return result


def replication(configuration: Configuration) -> dict[str, Any]:
    """`ReplicationConfiguration`."""
    rules = []
    for given in configuration["Rules"]:
        rule = _renamed(given, {"Id": "ID"})
        selection = rule.get("Filter")
        if selection is not None:
            selection = _renamed(selection, {"TagFilter": "Tag"})
            if "And" in selection:
                selection["And"] = _renamed(selection["And"], {"TagFilters": "Tags"})
            rule["Filter"] = selection
        rules.append(rule)
    return {"Role": configuration["Role"], "Rules": rules}


def website(configuration: Configuration) -> dict[str, Any]:
    """`WebsiteConfiguration`."""
    result: dict[str, Any] = {}
    if "IndexDocument" in configuration:
        result["IndexDocument"] = {"Suffix": configuration["IndexDocument"]}
    if "ErrorDocument" in configuration:
        result["ErrorDocument"] = {"Key": configuration["ErrorDocument"]}
    if "RedirectAllRequestsTo" in configuration:
        result["RedirectAllRequestsTo"] = configuration["RedirectAllRequestsTo"]
    if configuration.get("RoutingRules"):
        names = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
        result["RoutingRules"] = [_renamed(rule, names) for rule in configuration["RoutingRules"]]
    return result


def _lifecycle_rule(rule: Configuration) -> dict[str, Any]:
    result = {key: rule[key] for key in ("Status", "AbortIncompleteMultipartUpload") if key in rule}
    if "Id" in rule:
        result["ID"] = rule["Id"]
    expiration = _renamed(
        {key: rule[key] for key in ("ExpirationDate", "ExpirationInDays", "ExpiredObjectDeleteMarker") if key in rule},
        {"ExpirationDate": "Date", "ExpirationInDays": "Days"},
    )
    if expiration:
        result["Expiration"] = expiration
    transitions = [*_listed(rule.get("Transition")), *(rule.get("Transitions") or ())]
    if transitions:
        names = {"TransitionDate": "Date", "TransitionInDays": "Days"}
        result["Transitions"] = [_renamed(transition, names) for transition in transitions]
    noncurrent = [*_listed(rule.get("NoncurrentVersionTransition")), *(rule.get("NoncurrentVersionTransitions") or ())]
    if noncurrent:
        names = {"TransitionInDays": "NoncurrentDays"}
        result["NoncurrentVersionTransitions"] = [_renamed(transition, names) for transition in noncurrent]
    if "NoncurrentVersionExpiration" in rule:
        result["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in rule:
        result["NoncurrentVersionExpiration"] = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
    result["Filter"] = _lifecycle_filter(rule)
    return result


def _lifecycle_filter(rule: Configuration) -> dict[str, Any]:
    """One condition stands alone, several stand below `And`."""
    conditions: dict[str, Any] = {
        key: rule[key] for key in ("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan") if key in rule
    }
    tags = list(rule.get("TagFilters") or ())
    if len(conditions) + len(tags) > 1:
        return {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return conditions or {"Prefix": ""}


def _notification(entry: Configuration, target: str, arn: str) -> dict[str, Any]:
    result = {arn: entry[target], "Events": [entry["Event"]]}
    rules = ((entry.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        result["Filter"] = {"Key": {"FilterRules": [{**rule, "Name": rule["Name"].lower()} for rule in rules]}}
    return result


def _listed(value: object) -> list[Any]:
    return [] if value is None else [value]


def _renamed(given: Configuration, names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in given.items()}
