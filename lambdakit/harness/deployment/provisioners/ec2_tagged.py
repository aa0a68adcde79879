"""What all of EC2's types share: their tags, which one operation sets, whatever they are of.

Source: Amazon EC2 API Reference, "CreateTags" and "DeleteTags".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, Tagging

TAGGING: Final = Tagging(tag="create_tags", untag="delete_tags", target="Resources", of="[ref]")
SET_TAGS: Final = Call(
    operation="create_tags", arguments={"Resources": "[ref]", "Tags": "p.Tags"}, filled=False, when="p.Tags"
)
# Tags are set by a request of their own: not all of moto's operations take them with the creation.
UNTAGGED: Final = {"Tags": "", "TagSpecifications": ""}
