"""The parts of the benchmarks that reckon and show; none of them measures here."""

import httpx
import pytest
import yaml
from docarray import DocList

from audio_search.documents import AudioClip, Tags
from scripts.benchmarks import _http_flow, http

LEVEL = {'requests_per_s': 7.25, 'p50_ms': 137.0, 'p95_ms': 151.0, 'p99_ms': 163.0, 'errors': 3}
FIGURES = {
    **{str(clients): LEVEL for clients in http.CLIENTS},
    'response_bytes': 1234,
    'rss_mb': 1500.4,
    'stand_in_ms': 31.0,
    'executors_ms': {'segmenter': 10.0, 'indexer': 2.5},
    'gateway_overhead_ms': 18.5,
    'gateway_overhead_p95_ms': 22.0,
    'floor_ms': 9.5,
}


def test_a_level_is_summed_up_in_rate_and_percentiles():
    summary = http.summary([n / 1000 for n in range(1, 102)], elapsed_s=20.2, errors=4)
    assert summary == pytest.approx(
        {'requests_per_s': 5.0, 'p50_ms': 51.0, 'p95_ms': 96.0, 'p99_ms': 100.0, 'errors': 4}
    )


def test_a_level_without_an_answer_has_no_latencies():
    assert http.summary([], elapsed_s=2.0, errors=9) == {
        'requests_per_s': 0.0,
        'p50_ms': None,
        'p95_ms': None,
        'p99_ms': None,
        'errors': 9,
    }


def test_overhead_is_taken_request_by_request():
    own = [{'segmenter': 10.0, 'indexer': 2.0}, {'segmenter': 50.0, 'indexer': 2.0}, {'ranker': 1}]
    found = http.overhead([30.0, 71.0, 21.0], own)
    # 18, 19 and 20 ms; the difference of the medians would be 18
    assert found == pytest.approx({'gateway_overhead_ms': 19, 'gateway_overhead_p95_ms': 19.9})


@pytest.mark.parametrize(
    ('status', 'body', 'is_error'),
    [
        (200, {'data': [{'error': None}, {'error': None}]}, False),
        (200, {'data': [{'error': None}, {'error': 'it is empty'}]}, True),
        (503, {'detail': 'busy'}, True),
    ],
)
def test_a_clip_that_failed_is_an_error_as_is_any_other_status(status, body, is_error):
    assert http.is_error(httpx.Response(status, json=body)) is is_error


def test_the_tables_show_the_figures(capsys):
    http.show(FIGURES)
    shown = capsys.readouterr().out
    for figure in ('32', '7.2', '137', '151', '163', '3', '10.0', '2.5', '18.5', '9.5', '1500'):
        assert figure in shown
    assert '1.2 kB' in shown


def test_a_level_without_an_answer_can_be_shown(capsys):
    empty = http.summary([], elapsed_s=2.0, errors=9)
    http.show(FIGURES | {'8': empty})
    assert '9' in capsys.readouterr().out


def test_own_time_is_told_in_the_tags_beside_what_was_there():
    clip = AudioClip(id='a', tags=Tags({'label': 'bell', 'own_ms': {'segmenter': 1.0}}))

    def work(docs: DocList[AudioClip], parameters: dict[str, int]) -> DocList[AudioClip]:
        assert parameters == {'limit': 2}
        docs[0].uri = 'done'
        return docs

    [answered] = _http_flow.timed('indexer', work, DocList[AudioClip]([clip]), {'limit': 2})
    assert answered.uri == 'done'
    assert answered.tags['label'] == 'bell'
    assert set(answered.tags['own_ms']) == {'segmenter', 'indexer'}
    assert answered.tags['own_ms']['indexer'] >= 0


@pytest.mark.parametrize('name', sorted(_http_flow.FLOWS))
def test_every_executor_of_the_flow_has_its_counterpart(name):
    own = yaml.safe_load((_http_flow.ROOT / 'flow.yml').read_text())['executors']
    flow = _http_flow.load(name)
    uses = {node: deployment.args.uses for node, deployment in flow if node != 'gateway'}
    assert uses == _http_flow.FLOWS[name]
    assert list(uses) == [executor['name'] for executor in own]
