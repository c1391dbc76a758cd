"""Encoding by a running service, so that what is measured is that service as it is configured."""

import base64
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

import numpy as np
import soundfile

from audio_search.client import Client, NoService, Refused
from audio_search.evaluation.choices import Choices
from audio_search.evaluation.encoding import Unusable
from audio_search.evaluation.errors import EvaluationError
from audio_search.vggish.parameters import SAMPLE_RATE_HZ

BATCH = 8  # sounds per request, so that the service's network has more at once
EMBEDDING_SCALE = 128  # its answers have int8 vectors over this
# Choices that are known of a service.
TOLD = ('window', 'stride', 'pooling', 'search', 'weights', 'hubness')


class ServiceEncoder:
    """Sends sounds as queries and takes their vectors from the answers; its index does not change.

    `choices` are those that the service tells of itself: all but precision. `search` and `hubness`
    say how its vectors are compared, which happens here.
    """

    def __init__(
        self,
        url: str,
        token: str = '',
        search: str = 'exact',
        hubness: str = 'none',
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`say` is told that the service is waited for. Raises EvaluationError for one that does
        not answer."""
        self._url = url
        with _sentences(url):
            self._client = Client(url, token, say=say)
            if not self._client.answers():
                raise NoService(
                    f'The service {url} does not answer; start it with `audio-search serve`, '
                    'or leave out the url to encode here'
                )
            status = self._client.status()
        self.choices = replace(
            Choices(),
            window=status['window_s'],
            stride=status['stride_s'],
            padding=status['padding'],
            lift=status['lift_to_dbfs'],
            silence=status['silence'],
            pooling=status['pooling'],
            search=search,
            hubness=hubness,
            weights=status['model']['name'],
        )

    def encode(self, sounds: Iterable[np.ndarray]) -> Iterator[np.ndarray | Unusable]:
        remaining = iter(sounds)
        while batch := list(islice(remaining, BATCH)):
            queries = [{'uri': _data_uri(sound)} for sound in batch]
            with _sentences(self._url):
                answers = self._client.searches(queries, {'include': ['embedding'], 'limit': 1})
            for clip in answers:
                vectors = [chunk['embedding'] for chunk in clip.get('chunks') or ()]
                if clip.get('error') or not vectors:
                    yield Unusable(clip.get('error') or clip.get('note') or 'it got no vectors')
                else:
                    yield np.rint(np.array(vectors) * EMBEDDING_SCALE).astype(np.int8)


@contextmanager
def _sentences(url: str) -> Iterator[None]:
    """What the client raises, as an EvaluationError."""
    try:
        yield
    except Refused as error:
        raise EvaluationError(f'The service {url} refuses: {error}') from None
    except (NoService, ValueError) as error:
        raise EvaluationError(str(error)) from None


def _data_uri(waveform: np.ndarray) -> str:
    file = io.BytesIO()
    # As float, so that a query that was made 40 dB quieter loses nothing.
    soundfile.write(file, waveform, SAMPLE_RATE_HZ, format='WAV', subtype='FLOAT')
    return f'data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}'
