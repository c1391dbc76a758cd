"""The Flow as Python and notebooks use it, and Jina's own clients."""

import json
import os
import subprocess
import sys
from pathlib import Path

from docarray import DocList
from jina import Client

from audio_search.documents import AudioClip, from_files
from tests.running import ROOT, RunningService, free_port

NOTEBOOK = """
import json, sys
from audio_search import AudioClip, from_files, load_flow
from docarray import DocList

f = load_flow()
docs = from_files('toy-data/1[12]*.mp3')
with f:
    indexed = f.post(on='/index', inputs=docs, return_type=DocList[AudioClip])
    found = f.post(on='/search', inputs=docs[:2], parameters={'limit': 3},
                   return_type=DocList[AudioClip])
print('ANSWER', json.dumps({
    'chunks': [clip.chunk_count for clip in indexed],
    'matches': [[match.uri for match in clip.matches] for clip in found],
    'scores': found[0].matches[0].scores,
    'tensorflow': 'tensorflow' in sys.modules,
}))
"""


def test_a_notebook_indexes_and_searches_without_noise(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        'PYTHONPATH': str(ROOT),
        'AUDIO_SEARCH_PORT': str(free_port()),
        'AUDIO_SEARCH_WORKSPACE': str(tmp_path / 'workspace'),
    }
    run = subprocess.run(
        [sys.executable, '-c', NOTEBOOK],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    (line,) = [line for line in run.stdout.splitlines() if line.startswith('ANSWER')]
    answer = json.loads(line.removeprefix('ANSWER '))
    assert answer['chunks'] == [4] * 12
    assert all(len(matches) == 3 for matches in answer['matches'])
    assert answer['matches'][0][0] == 'toy-data/111_churchbell.mp3'
    assert abs(answer['scores']['cosine']) < 1e-6
    assert not answer['tensorflow']
    assert run.stderr == ''
    assert 'warn' not in run.stdout.lower()
    assert '"path": "/index"' in (tmp_path / 'workspace' / 'service.log').read_text()


def test_jinas_client_sends_many_and_gets_them_all(service: RunningService) -> None:
    client = Client(host='127.0.0.1', port=service.port, protocol='http')
    uris = [clip.uri for clip in from_files(str(ROOT / 'toy-data' / '1[1-3]*.mp3'))]
    docs = DocList[AudioClip](AudioClip(uri=uris[n % len(uris)]) for n in range(250))
    indexed = client.post('/index', inputs=docs, request_size=250, return_type=DocList[AudioClip])
    stored = [str(Path(str(clip.uri)).relative_to(ROOT)) for clip in docs]
    assert [clip.uri for clip in indexed] == stored
    assert all(clip.id and clip.chunk_count == 4 for clip in indexed)
    found = client.post(
        '/search', inputs=docs[:3], parameters={'limit': 1}, return_type=DocList[AudioClip]
    )
    assert [clip.matches[0].uri for clip in found] == stored[:3]


def test_labels_outlive_what_jinas_client_sends_without_tags(service: RunningService) -> None:
    """README's example after `make serve`: documents without tags arrive with nulls in them."""
    uris = ['toy-data/111_churchbell.mp3', 'toy-data/112_churchbell.mp3']
    data = [{'uri': uri, 'tags': {'label': 'churchbell'}} for uri in uris]
    service.answers('/index', *data)
    docs = from_files([str(ROOT / uri) for uri in uris])
    client = Client(host='127.0.0.1', port=service.port, protocol='http')
    indexed = client.post('/index', inputs=docs, return_type=DocList[AudioClip])
    assert [clip.tags for clip in indexed] == [{'label': 'churchbell'}] * 2
    clips = service.http.get('/clips').json()['clips']
    assert [clip['tags'] for clip in clips] == [{'label': 'churchbell'}] * 2


def test_chunks_that_a_client_cut_are_indexed_and_found(service: RunningService) -> None:
    import numpy as np

    from audio_search.documents import AudioChunk

    client = Client(host='127.0.0.1', port=service.port, protocol='http')
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 0.1, 4 * 8000).astype(np.float32)
    clip = AudioClip(
        id='mine',
        chunks=[AudioChunk(tensor=noise, location=[0, 64000], tags={'sample_rate': 8000})],
    )
    (indexed,) = client.post(
        '/index', inputs=DocList[AudioClip]([clip]), return_type=DocList[AudioClip]
    )
    assert (indexed.error, indexed.chunk_count) == (None, 1)
    (found,) = client.post(
        '/search', inputs=DocList[AudioClip]([clip]), return_type=DocList[AudioClip]
    )
    assert found.matches[0].id == 'mine'
    assert abs(found.matches[0].scores['cosine']) < 1e-6
    assert (found.matches[0].beg_in_ms, found.matches[0].end_in_ms) == (0, 4000)
