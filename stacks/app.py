"""The application that `cdk.json` runs."""

from __future__ import annotations

from aws_cdk import App

from stacks.api_backend_stack import ApiBackendStack


def main() -> None:
    """Synthesizes every stack, where and how the CDK CLI's environment says."""
    app = App(stack_traces=False)
    ApiBackendStack(app, "shop")
    app.synth()


if __name__ == "__main__":
    main()
