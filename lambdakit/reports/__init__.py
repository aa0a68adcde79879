"""What can be told about an application from its synthesized templates alone: nothing here deploys or runs."""
