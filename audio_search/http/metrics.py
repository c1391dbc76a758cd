"""Numbers for Prometheus, and the log line of each request."""

import time
import uuid
from contextvars import ContextVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_search.http.paths import Paths
from audio_search.logs import log
from audio_search.service.service import AudioService

request_id: ContextVar[str] = ContextVar('request_id', default='-')
endpoint_of_request: ContextVar[str] = ContextVar('endpoint_of_request', default='-')


class Metrics:
    """The numbers of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            'audio_search_requests',
            'Requests answered',
            ['endpoint', 'status'],
            registry=self.registry,
        )
        self.latency = Histogram(
            'audio_search_latency_seconds',
            'Time to answer, by endpoint and stage',
            ['endpoint', 'stage'],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=self.registry,
        )
        self.errors = Counter(
            'audio_search_errors',
            'Documents and requests that failed',
            ['kind'],
            registry=self.registry,
        )
        self.clips = Gauge('audio_search_clips', 'Clips in the index', registry=self.registry)
        self.chunks = Gauge('audio_search_chunks', 'Chunks in the index', registry=self.registry)

    def clips_failed(self, count: int) -> None:
        """Count documents that ended with an error; see service.Observer."""
        self.errors.labels('clip').inc(count)

    def text(self) -> bytes:
        return generate_latest(self.registry)


class RequestLog:
    """Gives each request an id, counts it, and logs it in one line of JSON."""

    def __init__(self, app: ASGIApp, metrics: Metrics, paths: Paths) -> None:
        self.app = app
        self.metrics = metrics
        self.paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        path = scope['path']
        endpoint = self.paths.label(path)
        id_ = uuid.uuid4().hex
        request_id.set(id_)
        endpoint_of_request.set(endpoint)
        status = 500
        start = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message['type'] == 'http.response.start':
                status = message['status']
                message.setdefault('headers', [])
                MutableHeaders(scope=message)['X-Request-Id'] = id_
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            took_s = time.perf_counter() - start
            self.metrics.requests.labels(endpoint, str(status)).inc()
            self.metrics.latency.labels(endpoint, 'total').observe(took_s)
            if status >= 400:
                self.metrics.errors.labels(str(status)).inc()
            if self.paths.is_logged(path):
                line = {
                    'request_id': id_,
                    'method': scope['method'],
                    'path': path,
                    'status': status,
                    'ms': round(took_s * 1000, 1),
                }
                log.info('request', extra={'fields': line})


async def refresh(metrics: Metrics, service: AudioService) -> None:
    """Refresh the clip and chunk gauges from the indexer."""
    status = await service.status()
    metrics.clips.set(status.clips)
    metrics.chunks.set(status.chunks)
