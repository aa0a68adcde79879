"""`AWS::SES`: identities, configuration sets and templates. Every identity counts as verified.

Source: CloudFormation Template Reference, "AWS::SES::EmailIdentity" and the pages beside it.
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.provisioners.moto_backed import Call, MotoBacked, call, properties_of

EMAIL_IDENTITY: Final = MotoBacked(
    service="sesv2",
    properties=properties_of(
        read="DkimSigningAttributes EmailIdentity Tags",
        recorded="ConfigurationSetAttributes DkimAttributes FeedbackAttributes MailFromAttributes",
    ),
    made_by=Call(operation="create_email_identity"),
    reference="p.EmailIdentity",
    deleted_by=(call("delete_email_identity", EmailIdentity="ref"),),
    attributes={
        **{
            f"DkimDNSTokenName{number}": f"join('', ['token{number}._domainkey.', p.EmailIdentity])"
            for number in (1, 2, 3)
        },
        **{f"DkimDNSTokenValue{number}": f"'token{number}.dkim.amazonses.com'" for number in (1, 2, 3)},
    },
)

CONFIGURATION_SET: Final = MotoBacked(
    service="sesv2",
    properties=properties_of(
        read="DeliveryOptions Name ReputationOptions SendingOptions SuppressionOptions Tags TrackingOptions VdmOptions",
        recorded="ArchivingOptions",
    ),
    named=("Name", 64),
    made_by=Call(
        operation="create_configuration_set", renamed={"Name": "ConfigurationSetName", "ArchivingOptions": ""}
    ),
    reference="name",
    deleted_by=(call("delete_configuration_set", ConfigurationSetName="ref"),),
    remade=True,
)

TEMPLATE: Final = MotoBacked(
    service="ses",
    properties=properties_of(read="Template", recorded="Tags"),
    made_by=call("create_template", Template="p.Template"),
    reference="p.Template.TemplateName",
    changed_by=(call("update_template", Template="p.Template"),),
    deleted_by=(call("delete_template", TemplateName="ref"),),
    attributes={"Id": "p.Template.TemplateName"},
)
