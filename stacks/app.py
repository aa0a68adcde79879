"""The application that `cdk.json` runs."""

from __future__ import annotations

from aws_cdk import App

from stacks.api_backend_stack import ApiBackendStack
from stacks.crud_with_cognito_stack import CrudWithCognitoStack
from stacks.event_processing_stack import EventProcessingStack
from stacks.iot_telemetry_stack import IotTelemetryStack
from stacks.order_workflow_stack import OrderWorkflowStack
from stacks.scheduled_backup_stack import ScheduledBackupStack
from stacks.security_automation_stack import SecurityAutomationStack
from stacks.stream_processing_stack import StreamProcessingStack
from stacks.webhook_to_queue_stack import WebhookToQueueStack


def main() -> None:
    """Synthesizes every stack, where and how the CDK CLI's environment says."""
    app = App(stack_traces=False)
    add_stacks(app)
    app.synth()


def add_stacks(app: App) -> None:
    """Adds every stack, under the name that it is deployed by."""
    ApiBackendStack(app, "shop")
    EventProcessingStack(app, "pictures")
    StreamProcessingStack(app, "site")
    WebhookToQueueStack(app, "webhooks")
    OrderWorkflowStack(app, "fulfilment")
    CrudWithCognitoStack(app, "notes")
    ScheduledBackupStack(app, "archive")
    SecurityAutomationStack(app, "guardrails")
    IotTelemetryStack(app, "field")


if __name__ == "__main__":
    main()
