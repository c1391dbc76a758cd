"""Encoding by a running service, so that what is measured is that service as it is configured."""

import base64
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import httpx
import numpy as np
import soundfile

from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import Unusable
from audio_search.evaluation.errors import EvaluationError
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

BATCH = 8  # sounds per request, so that the service's network has more at once
EMBEDDING_SCALE = 128  # its answers have int8 vectors over this
TIMEOUT_S = 900.0
TOLD = ('window', 'stride', 'pooling', 'search', 'weights')  # choices that are known of a service


class ServiceEncoder:
    """Sends sounds as queries and takes their vectors from the answers; its index does not change.

    `choices` are those that the service tells of itself: all but precision and search.
    """

    def __init__(self, url: str, token: str = '', search: str = 'exact') -> None:
        """Raises EvaluationError for a service that does not answer."""
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        self._url = url.rstrip('/')
        self._http = httpx.Client(headers=headers, timeout=TIMEOUT_S)
        status = self._ask('GET', '/status')
        self.choices = replace(
            Choices(),
            window=status['window_s'],
            stride=status['stride_s'],
            padding=status['padding'],
            lift=status['lift_to_dbfs'],
            silence=status['silence'],
            pooling=status['pooling'],
            search=search,
            weights=status['model']['name'],
        )

    def encode(self, sounds: Iterable[np.ndarray]) -> Iterator[np.ndarray | Unusable]:
        remaining = iter(sounds)
        while batch := list(islice(remaining, BATCH)):
            answer = self._ask(
                'POST',
                '/search',
                json={
                    'data': [{'uri': _data_uri(sound)} for sound in batch],
                    'parameters': {'include': ['embedding'], 'limit': 1},
                },
            )
            for clip in answer['data']:
                vectors = [chunk['embedding'] for chunk in clip.get('chunks') or ()]
                if clip.get('error') or not vectors:
                    yield Unusable(clip.get('error') or clip.get('note') or 'it got no vectors')
                else:
                    yield np.rint(np.array(vectors) * EMBEDDING_SCALE).astype(np.int8)

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, self._url + path, **arguments)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EvaluationError(
                f'The service {self._url} does not answer ({str(error) or type(error).__name__}); '
                'start it with `audio-search serve`, or leave out the url to encode here'
            ) from None
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.status_code != 200 or not isinstance(body, dict):
            detail = body.get('detail') if isinstance(body, dict) else None
            raise EvaluationError(
                f'The service {self._url} answers {path} with the status '
                f'{response.status_code}: {detail or "it is no audio search service"}'
            )
        return body


def _data_uri(waveform: np.ndarray) -> str:
    file = io.BytesIO()
    # As float, so that a query that was made 40 dB quieter loses nothing.
    soundfile.write(file, waveform, SAMPLE_RATE_HZ, format='WAV', subtype='FLOAT')
    return f'data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}'
