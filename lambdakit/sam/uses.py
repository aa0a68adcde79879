"""Who uses a template's resources: what one part of a document has is that part's own, all else is shared or apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from lambdakit.sam.policies import TARGETS
from lambdakit.sam.references import mentions
from lambdakit.sam.tables import SIMPLE_TABLE, TABLE
from lambdakit.spec.pointer import Pointer

FUNCTION: Final = "AWS::Serverless::Function"
# What events and policies name, and a document has a word for: type -> policies that a pattern's own one may have.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::SQS::Queue": ("SQSSendMessagePolicy",),
    "AWS::SNS::Topic": ("SNSPublishMessagePolicy", "SNSCrudPolicy"),
    "AWS::S3::Bucket": ("S3WritePolicy",),
    "AWS::Kinesis::Stream": (),
    SIMPLE_TABLE: ("DynamoDBCrudPolicy", "DynamoDBWritePolicy"),
    TABLE: ("DynamoDBCrudPolicy", "DynamoDBWritePolicy"),
}
_OF_TABLES: Final = ("DynamoDBCrudPolicy", "DynamoDBReadPolicy", "DynamoDBWritePolicy")
# Policies of a resource, beside which a document's own would be another one.
_RESOURCE_POLICIES: Final = frozenset({"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"})


class Uses:
    """The uses of one template's resources by functions' events and policies, and by anything else."""

    def __init__(self, content: Mapping[str, object], resources: Mapping[str, Mapping[str, object]]) -> None:
        self._resources = resources
        self._events: dict[str, list[str]] = {}
        self._policies: dict[str, list[tuple[str, str]]] = {}
        self._elsewhere: set[str] = set()
        self._guarded: set[str] = set()
        # The queue that a queue's letters go to.
        self._letters: dict[str, str] = {}
        for section in ("Resources", "Outputs", "Globals"):
            for name, place in mentions(content.get(section), (section,)):
                if name in resources:
                    self._note(name, place)

    def is_own(self, logical_id: str) -> bool:
        """Whether a pattern's own resource can stand for it, as nothing but the pattern names it."""
        letters = self._letters.get(logical_id)
        if logical_id in self._elsewhere | self._guarded or (letters is not None and not self.is_letters_only(letters)):
            return False
        events, policies = self._events.get(logical_id, []), self._policies.get(logical_id, [])
        kinds = {template for _, template in policies}
        functions = {function for function, _ in policies}
        if events:
            return len(events) == 1 and not policies
        if not functions:
            return False
        if all(self._has_routes(function) for function in functions):
            return kinds <= set(_OF_TABLES) and self._tables_behind_routes() == {logical_id}
        return len(functions) == 1 and kinds <= set(KINDS.get(self._type(logical_id), ()))

    def is_shared(self, logical_id: str) -> bool:
        """Whether it is one of the document's `resources`: functions use it, and a document has a word for its kind.

        A queue, topic or bucket with a policy of its own, or a bucket with several notifications, stays as it is.
        """
        if self._type(logical_id) not in KINDS or self.is_own(logical_id) or logical_id in self._guarded:
            return False
        events = self._events.get(logical_id, [])
        if self._type(logical_id) == "AWS::S3::Bucket" and len(events) > 1:
            return False
        if events or self._policies.get(logical_id):
            return True
        return not self.is_letters_only(logical_id) and any(
            letters == logical_id and self.is_shared(queue)
            for queue, letters in self._letters.items()
            if queue != logical_id
        )

    def is_letters_only(self, logical_id: str) -> bool:
        """Whether a queue does nothing but take what another could not handle, as a new one would."""
        return not any(logical_id in found for found in (self._events, self._policies, self._elsewhere, self._guarded))

    def _note(self, name: str, place: Pointer) -> None:
        match place:
            case ("Resources", str() as function, "Properties", "Events", _, "Properties", *_) if self._type(
                function
            ) == FUNCTION and place[6:] in (("Queue",), ("Topic",), ("Bucket",), ("Stream",)):
                self._events.setdefault(name, []).append(function)
            case ("Resources", str() as function, "Properties", "Policies", *_, str() as template, _) if (
                template in TARGETS
            ):
                self._policies.setdefault(name, []).append((function, template))
            case ("Resources", str() as queue, "Properties", "RedrivePolicy", *_) if self._type(queue) in KINDS:
                self._letters[queue] = name
            case ("Resources", str() as policy, *_) if self._type(policy) in _RESOURCE_POLICIES:
                self._guarded.add(name)
                self._elsewhere.add(name)
            case _:
                self._elsewhere.add(name)

    def _type(self, logical_id: str) -> str:
        return str(self._resources.get(logical_id, {}).get("Type"))

    def _has_routes(self, function: str) -> bool:
        return any(kind in ("Api", "HttpApi") for kind in self._event_types(function))

    def _event_types(self, function: str) -> Iterator[object]:
        properties = self._resources[function].get("Properties")
        events = properties.get("Events") if isinstance(properties, Mapping) else None
        for event in events.values() if isinstance(events, Mapping) else ():
            yield event.get("Type") if isinstance(event, Mapping) else None

    def _tables_behind_routes(self) -> set[str]:
        return {
            name
            for name, policies in self._policies.items()
            if any(template in _OF_TABLES and self._has_routes(function) for function, template in policies)
        }
