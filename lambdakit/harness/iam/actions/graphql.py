"""AppSync: its APIs' settings, and the calls to the APIs themselves.

Source: Service Authorization Reference, "AWS AppSync"; AppSync Developer Guide, "AWS_IAM authorization".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

APPSYNC: Final = Rules(
    members={
        "graphqlapi.GraphQLAPIId": ("apiId", "sourceApiIdentifier", "mergedApiIdentifier", "resourceArn"),
        "channelNamespace.ChannelNamespaceName": ("name",),
        "sourceApiAssociation.MergedGraphQLAPIId": ("mergedApiIdentifier",),
        "sourceApiAssociation.Associationid": ("associationId",),
        "mergedApiAssociation.SourceGraphQLAPIId": ("sourceApiIdentifier",),
        "mergedApiAssociation.Associationid": ("associationId",),
    },
)
