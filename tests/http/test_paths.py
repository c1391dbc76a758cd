from fastapi import FastAPI

from audio_search.http.paths import Paths, needs_no_token, unlogged, works


def app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post('/search')
    @works
    async def search() -> None: ...

    @app.get('/health/live')
    @needs_no_token
    @unlogged
    async def live() -> None: ...

    @app.get('/audio/{id:path}')
    async def audio(id_: str) -> None: ...

    return app


def test_marks_hold_for_the_path_they_stand_at_and_no_other() -> None:
    paths = Paths(app().routes)
    assert paths.working('/search')
    assert not paths.working('/searching')
    assert not paths.working('/audio/search')
    assert paths.open('/health/live')
    assert not paths.open('/search')
    assert not paths.open('/health/live/x')
    assert not paths.is_logged('/health/live')
    assert paths.is_logged('/audio/x')
    assert not paths.is_logged('/ui/x')


def test_labels_are_few_whatever_is_asked_for() -> None:
    paths = Paths(app().routes)
    asked = ['/search', '/audio/a', '/audio/a/b', '/ui', '/ui/x', '/uix', '/nothing', '/audio']
    assert [paths.label(path) for path in asked] == [
        '/search', '/audio', '/audio', '/ui', '/ui', 'other', 'other', 'other',
    ]  # fmt: skip
