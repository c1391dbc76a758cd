"""The documentation pages, from files of the service's own: without internet they are complete, and
no other host learns who reads them."""

from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from audio_search.http.paths import needs_no_token

OPENAPI = '/openapi.json'
FILES = '/docs-files'
FOLDER = Path(fastapi_offline.__file__).parent / 'static'
ICON = f'{FILES}/favicon.png'

# Both pages start from an inline script and style themselves. ReDoc would load its maker's logo
# from another host, which this forbids, as it does whatever a later release may add.
POLICY = '; '.join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
)
WITHOUT_LOGO = '<style>a[href*="redocly.com"]{display:none}</style></head>'


def add_docs(app: FastAPI) -> None:
    """Serve /docs, /redoc and the OpenAPI document, without the token too."""

    @app.get(OPENAPI, include_in_schema=False)
    @needs_no_token
    async def openapi() -> JSONResponse:
        return JSONResponse(app.openapi())

    @app.get('/docs', include_in_schema=False)
    @needs_no_token
    async def docs() -> HTMLResponse:
        return _with_policy(
            get_swagger_ui_html(
                openapi_url=OPENAPI,
                title=f'{app.title}: try the API',
                swagger_js_url=f'{FILES}/swagger-ui-bundle.js',
                swagger_css_url=f'{FILES}/swagger-ui.css',
                swagger_favicon_url=ICON,
            )
        )

    @app.get('/redoc', include_in_schema=False)
    @needs_no_token
    async def redoc() -> HTMLResponse:
        page = get_redoc_html(
            openapi_url=OPENAPI,
            title=f'{app.title}: the API',
            redoc_js_url=f'{FILES}/redoc.standalone.js',
            redoc_favicon_url=ICON,
            with_google_fonts=False,
        )
        html = bytes(page.body).decode().replace('</head>', WITHOUT_LOGO)
        return _with_policy(HTMLResponse(html))

    for path in FOLDER.iterdir():
        _add_file(app, path)


def _add_file(app: FastAPI, path: Path) -> None:
    @app.get(f'{FILES}/{path.name}', include_in_schema=False)
    @needs_no_token
    async def file() -> FileResponse:
        return FileResponse(path)


def _with_policy(page: HTMLResponse) -> HTMLResponse:
    page.headers['Content-Security-Policy'] = POLICY
    return page
