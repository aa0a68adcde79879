"""Why findings of security checks about an API's routes are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PUBLIC: Final = "The route says that everybody may call it, and the others are guarded."

PUBLIC_ROUTE: Final[Mapping[str, str]] = {"AwsSolutions-APIG4": _PUBLIC, "AwsSolutions-COG4": _PUBLIC}
OTHER_AUTHORIZER: Final[Mapping[str, str]] = {"AwsSolutions-COG4": "Another authorizer than Cognito guards the method."}
PREFLIGHT: Final[Mapping[str, str]] = {
    "AwsSolutions-APIG4": "Browsers send preflight requests without tokens.",
    "AwsSolutions-COG4": "Browsers send preflight requests without tokens.",
}
MESSAGES: Final[Mapping[str, str]] = {
    "AwsSolutions-APIG4": "Messages come by a connection, and the authorizer was asked when it was made.",
}
CONNECTIONS: Final = "The functions answer whoever is connected to this API's stage."
INDEXES: Final = "Access to the table is access to its indexes."
