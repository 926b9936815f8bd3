"""The OpenAPI document, and `/docs` to read and to try it, in Swagger UI from a pinned address."""

from __future__ import annotations

import base64
import hashlib
from typing import Final, cast

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from serving.document import DescribedApp
from serving.gateway import TheGateway

router = APIRouter()

_UI: Final = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0/"
_SCRIPT: Final = "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"
_STYLE: Final = "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I"
_START: Final = (
    'SwaggerUIBundle({url: "openapi.json", dom_id: "#ui", deepLinking: true, validatorUrl: null})'
)

_PAGE: Final = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>celmood</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_UI}swagger-ui.css" integrity="{_STYLE}" crossorigin="anonymous">
</head>
<body>
<div id="ui"></div>
<script src="{_UI}swagger-ui-bundle.js" integrity="{_SCRIPT}" crossorigin="anonymous"></script>
<script>{_START}</script>
</body>
</html>
"""

_START_HASH: Final = base64.b64encode(hashlib.sha256(_START.encode()).digest()).decode()
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        f"script-src {_UI} 'sha256-{_START_HASH}'",
        f"style-src {_UI} 'unsafe-inline'",  # Swagger UI sets styles on its elements
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """The page; its policy lets it load Swagger UI, and nothing else."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/openapi.json", include_in_schema=False)
async def document(request: Request, gateway: TheGateway) -> Response:
    """The document; made by the first who asks."""
    app = cast(DescribedApp, request.app)
    text = await anyio.to_thread.run_sync(lambda: app.document, limiter=gateway.watchers)
    return Response(text, media_type="application/json")
