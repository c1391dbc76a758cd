"""Puts the HTTP API together: routes, answers to errors, and middleware."""

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer

from audio_search.http.answers import add_error_answers
from audio_search.http.docs import add_docs
from audio_search.http.judgements import add_judgements
from audio_search.http.known import add_known
from audio_search.http.limits import BodyLimit, ConcurrencyLimit, EarlyAnswer
from audio_search.http.metrics import Metrics, RequestLog
from audio_search.http.paths import Paths
from audio_search.http.rarity import add_rarity
from audio_search.http.routes import add_open, add_views, add_work
from audio_search.http.searches import add_searches
from audio_search.http.security import OriginCheck, TokenAuth, add_login, origin_pattern
from audio_search.http.words import add_words
from audio_search.service.service import AudioService
from audio_search.settings import Settings


def create_app(service: AudioService, settings: Settings, metrics: Metrics) -> FastAPI:
    """The FastAPI app that Jina's gateway serves."""
    app = FastAPI(
        title='Audio search',
        version='1.0',
        description='Search sounds by sound. Index clips, then send one, or words for one, or '
        'examples of what is wanted and of what is not: the answer is the clips that sound like '
        'it, nearest first, with the part of the query that matched which part of the clip.',
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    # TokenAuth is what checks the token; this only tells /docs to offer the Authorize button.
    bearer = HTTPBearer(auto_error=False, description='the value of AUDIO_SEARCH_TOKEN')
    needs = [Depends(bearer)] if settings.token else []
    add_work(app, service, needs)
    add_known(app, service, needs)
    add_words(app, service, needs)
    add_judgements(app, service, needs)
    add_searches(app, service, needs)
    add_rarity(app, service, needs)
    add_views(app, service, metrics, needs)
    add_open(app, service, has_page=settings.page)
    add_docs(app)
    add_login(app, settings.token)
    add_error_answers(app)
    _add_middleware(app, service, settings, metrics)
    return app


def _add_middleware(
    app: FastAPI, service: AudioService, settings: Settings, metrics: Metrics
) -> None:
    paths = Paths(app.routes)
    origins = origin_pattern(settings.cors_origins)
    # The last one added is the first a request meets.
    app.add_middleware(ConcurrencyLimit, admission=service.admission, is_working=paths.working)
    # Before a place is taken: a body that is too large must not hold one while it is dropped.
    app.add_middleware(BodyLimit, max_mb=settings.max_body_mb)
    app.add_middleware(TokenAuth, token=settings.token, is_open=paths.open)
    app.add_middleware(OriginCheck, pattern=origins)
    app.add_middleware(
        CORSMiddleware,
        allow_origin_regex=origins,
        allow_methods=['GET', 'POST', 'PUT', 'DELETE'],
        allow_headers=['Authorization', 'Content-Type', 'Range'],
        expose_headers=['X-Request-Id', 'Retry-After'],
    )
    app.add_middleware(RequestLog, metrics=metrics, paths=paths)
    app.add_middleware(EarlyAnswer)
