"""What `synth --check` adds to the CDK's own validation: cdk-nag's packs on the constructs.

They come with the extra `lambdakit[check]`. This module is imported before the constructs are made: they say why
findings of the packs are none only when cdk-nag is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

if TYPE_CHECKING:
    from aws_cdk import App


def add_packs(app: App) -> None:
    """Lets the packs AwsSolutions and Serverless validate the application when it is synthesized."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(), ServerlessChecks())
