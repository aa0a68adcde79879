"""The settings of a shared resource fit together.

Sources: API sqs SetQueueAttributes, API sns CreateTopic, ContentBasedDeduplication; API secretsmanager
GenerateSecretString; S3 User Guide, "Lifecycle configuration elements".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lambdakit.spec.finding import Finding
from lambdakit.spec.pointer import Pointer
from lambdakit.spec.resources.bucket import BucketResource
from lambdakit.spec.resources.parameter import ParameterResource
from lambdakit.spec.resources.queue import QueueResource
from lambdakit.spec.resources.secret import SecretResource
from lambdakit.spec.resources.topic import TopicResource
from lambdakit.spec.rules.rule import RuleContext

_TEMPLATE_KEYS: Final = ("secret_string_template", "generate_string_key")


def resource_settings(context: RuleContext) -> Iterator[Finding]:
    """A finding for each setting that AWS would refuse beside the others, or that would do nothing."""
    for name, resource in context.application.resources.items():
        pointer: Pointer = ("resources", name)
        match resource:
            case QueueResource(queue_arn=None) | TopicResource(topic_arn=None):
                if resource.content_based_deduplication and not resource.fifo:
                    if context.pruned.spares(*pointer, "fifo"):
                        problem = f"only a FIFO {resource.kind} tells equal messages"
                        place = (*pointer, "content_based_deduplication")
                        hint = "add fifo: true, or leave it out"
                        yield Finding(code="LK165", pointer=place, problem=problem, hint=hint)
            case BucketResource(bucket_name=None):
                yield from _of_bucket(resource, pointer)
            case SecretResource():
                yield from _of_secret(context, resource, pointer)
            case ParameterResource(parameter_name=None, string_value=None):
                if all(context.pruned.spares(*pointer, key) for key in ("parameter_name", "string_value")):
                    problem = "neither string_value, of a new one, nor parameter_name, of an existing one, is given"
                    hint = 'add string_value: "on", or parameter_name: /shop/flags'
                    yield Finding(code="LK165", pointer=pointer, problem=problem, hint=hint)


def _of_bucket(bucket: BucketResource, pointer: Pointer) -> Iterator[Finding]:
    for place, rule in enumerate(bucket.lifecycle_rules):
        here = (*pointer, "lifecycle_rules", place)
        if rule.expiration is None and rule.noncurrent_version_expiration is None:
            problem = "the rule says of no time what becomes of objects then"
            yield Finding(code="LK165", pointer=here, problem=problem, hint="add expiration: 30d")
        elif rule.noncurrent_version_expiration is not None and not bucket.versioned:
            problem = "the bucket is not versioned, so that no version is left to expire"
            hint = "leave it out, or write versioned: true"
            yield Finding(code="LK165", pointer=(*here, "noncurrent_version_expiration"), problem=problem, hint=hint)


def _of_secret(context: RuleContext, secret: SecretResource, pointer: Pointer) -> Iterator[Finding]:
    generated = secret.generate_secret_string
    place = (*pointer, "generate_secret_string")
    if generated is None or not all(context.pruned.spares(*place, key) for key in _TEMPLATE_KEYS):
        return
    written = [key for key in _TEMPLATE_KEYS if getattr(generated, key) is not None]
    if len(written) == 1:
        missing = next(key for key in _TEMPLATE_KEYS if key not in written)
        example = "{username: shop}" if missing == "secret_string_template" else "password"
        problem = f"{written[0]} without {missing}: an object and the key in it belong together"
        hint = f"add {missing}: {example}"
        yield Finding(code="LK165", pointer=(*place, written[0]), at_key=True, problem=problem, hint=hint)
