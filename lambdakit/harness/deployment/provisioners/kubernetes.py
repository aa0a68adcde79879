"""What the CDK has put into a Kubernetes cluster: manifests, patches of objects, and charts of Helm, as records.

Their function would speak to the cluster's API server with kubectl or helm. A cluster of EKS stands in the account, and
no server runs behind it: the function deploys and is not invoked. One for the value of an object,
`Custom::AWSCDK-EKS-KubernetesObjectValue`, is asked as for any custom resource, since nobody else can tell the value.
Source: aws-cdk, `aws-eks/lib` (k8s-manifest, k8s-patch and helm-chart: which types there are, and that `Ref` alone is
used of them); AWS CDK API Reference, "aws_eks", "Kubernetes Resources".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.deployment.property_tree import PropertyTree
from lambdakit.harness.deployment.provisioner import Context, Created, Provisioned, Resource
from lambdakit.harness.deployment.provisioners.custom_resource import CustomResource
from lambdakit.harness.deployment.settings import HoldsNothing

MANIFEST: Final = "Custom::AWSCDK-EKS-KubernetesResource"
PATCH: Final = "Custom::AWSCDK-EKS-KubernetesPatch"
CHART: Final = "Custom::AWSCDK-EKS-HelmChart"


class ClusterContent(HoldsNothing):
    """Something in a cluster. `Ref` gives an id; there are no attributes."""

    properties: PropertyTree = CustomResource.properties

    def create(self, resource: Resource, context: Context) -> Provisioned:
        """Records it, and says so in the trace."""
        cluster = resource.properties.get("ClusterName", "")
        context.note(resource.logical_id, f"{resource.type} is only recorded: nothing runs in the cluster {cluster}")
        return Provisioned(physical_id=resource.generated_name(length_max=128))

    def update(self, created: Created, resource: Resource, context: Context) -> Provisioned:
        """Records the change."""
        del resource, context
        return created.provisioned

    def delete(self, created: Created, context: Context) -> None:
        """There is nothing to delete."""
