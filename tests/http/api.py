"""The HTTP API over executors that are a dict."""

from pathlib import Path
from typing import Any

import httpx

from audio_search.http.app import create_app
from audio_search.http.metrics import Metrics
from tests.http.asgi import call
from tests.service.fake_pipeline import Running, running


class Api:
    """Requests to the app of a service over a fake pipeline."""

    def __init__(self, tmp_path: Path, **settings: str) -> None:
        self.here: Running = running(tmp_path, **settings)
        self.metrics = Metrics()
        self.here.service.observer = self.metrics
        self.app = create_app(self.here.service, self.here.settings, self.metrics)

    def get(self, path: str, **request: Any) -> httpx.Response:
        return call(self.app, 'GET', path, **request)

    def send(self, path: str, body: Any, **request: Any) -> httpx.Response:
        return call(self.app, 'POST', path, json=body, **request)

    def post(self, path: str, *data: dict[str, Any], **parameters: Any) -> httpx.Response:
        return self.send(path, {'data': list(data), 'parameters': parameters})

    def answers(self, path: str, *data: dict[str, Any], **parameters: Any) -> list[Any]:
        response = self.post(path, *data, **parameters)
        assert response.status_code == 200, response.text
        return list(response.json()['data'])

    def upload(self, path: str, *files: tuple[str, bytes], **form: str) -> httpx.Response:
        parts = [('files', file) for file in files]
        return call(self.app, 'POST', path, files=parts, data=form)

    def listed(self, **query: Any) -> list[str]:
        response = self.get('/clips', params=query)
        assert response.status_code == 200, response.text
        found = response.json()
        assert found['total'] >= len(found['clips'])
        return [clip['uri'] for clip in found['clips']]
