"""Amazon EC2: what its requests call by another name than its ARNs do.

Source: Service Authorization Reference, "Amazon EC2"; Amazon EC2 API Reference,
"StartVpcEndpointServicePrivateDnsVerification".
"""

from __future__ import annotations

from typing import Final

from lambdakit.harness.iam.rules import Rules

EC2: Final = Rules(members={"vpc-endpoint-service.VpcEndpointServiceId": ("ServiceId", "ServiceIds")})
