"""The gateway: our HTTP API, on the port that Jina gives it."""

import json
from threading import Thread
from typing import Any

from fastapi import FastAPI
from jina.serve.runtimes.gateway.http.fastapi import FastAPIBaseGateway

from audio_search import logs
from audio_search.flow.children import end_with_parent
from audio_search.http.app import create_app
from audio_search.http.metrics import Metrics, endpoint_of_request
from audio_search.service.pipeline import Pipeline
from audio_search.service.service import AudioService
from audio_search.service.uploads import Uploads
from audio_search.settings import Settings


class AudioGateway(FastAPIBaseGateway):
    """Serves our routes; Jina only carries the documents.

    Jina's own HTTP gateway answers only the first 100 documents of a request, loses ids, and knows
    no status but 200 and 500.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        end_with_parent()
        self.settings = Settings.from_env()
        if self.settings.page:
            Thread(target=_load_page, daemon=True).start()
        logs.configure(self.settings.log)
        # Otherwise uvicorn sets up a log of its own, on stderr.
        self.uvicorn_kwargs['log_config'] = None

    @property
    def app(self) -> FastAPI:
        """Built when the executors are up, once."""
        metrics = Metrics()
        uploads = Uploads(self.settings.media)
        uploads.open()

        def observe(executor: str, seconds: float) -> None:
            metrics.latency.labels(endpoint_of_request.get(), executor).observe(seconds)

        deployments = json.loads(self.runtime_args.deployments_addresses)
        addresses = {
            name: [host.split('://')[-1] for host in hosts] for name, hosts in deployments.items()
        }
        pipeline = Pipeline(self.streamer, addresses, observe)
        service = AudioService(pipeline, self.settings, uploads, metrics)
        app = create_app(service, self.settings, metrics)
        if not self.settings.page:
            return app
        from audio_search.page.mount import mount_page

        return mount_page(app, service, self.settings)


def _load_page() -> None:
    """Import the page and what draws its pictures while the executors start.

    That takes 4 s. It happens in this process alone, since Gradio and librosa need 240 MB. The page
    can be mounted as soon as it is imported; the first picture waits for the rest.
    """
    from audio_search.page import mount  # noqa: F401
    from audio_search.page.spectrogram import warm_up

    warm_up()
