"""A whole evaluation of real recordings, and its report."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_search.evaluation import Evaluation, EvaluationError, evaluate, report
from audio_search.evaluation.choices import Choices
from tests.browser import running_browser
from tests.evaluation.conftest import LABELS

PLAIN = (
    'p_at_1', 'p_at_5', 'p_at_10', 'r_precision', 'map', 'recall_at_5', 'recall_at_10',
    'recall_at_20', 'mrr',
)  # fmt: skip


@pytest.fixture(scope='module')
def figures(result: Evaluation) -> dict[str, Any]:
    return dict(json.loads(json.dumps(result.as_dict())))


def test_all_figures_are_ready_for_json(figures: dict[str, Any]) -> None:
    assert (figures['clips'], figures['labels'], figures['queries']) == (8, 4, 8)
    for name in PLAIN:
        low, high = figures[f'{name}_interval']
        assert 0 <= low <= figures[name] + 1e-9
        assert figures[name] - 1e-9 <= high <= 1
    assert list(figures['per_label']) == list(LABELS)
    assert figures['confusion']['labels'] == list(LABELS)
    assert np.sum(figures['confusion']['counts']) == 8
    assert figures['p_at_1'] == np.trace(figures['confusion']['counts']) / 8
    assert set(figures['baselines']) == {'chance', 'log_mel', 'random_weights'}
    assert len(figures['stress']) == 9
    assert figures['options'] == Choices().as_dict()
    assert figures['warnings'] == []


def test_the_network_is_better_than_chance(figures: dict[str, Any]) -> None:
    assert figures['p_at_1'] >= 0.75
    assert figures['baselines']['chance']['p_at_1'] < 0.5
    assert figures['threshold']['f1'] > 0.5


def test_stress_changes_queries_and_not_the_library(figures: dict[str, Any]) -> None:
    # A window of 4 s of a sound of 2 s has in it what the loudest 2 s have.
    assert figures['stress']['loudest_2_s'] == {
        name: value for name, value in figures.items() if name in figures['stress']['loudest_2_s']
    }
    assert figures['stress']['mixed_0_db']['map'] < figures['map']


def test_a_comparison_is_paired_with_the_base(figures: dict[str, Any]) -> None:
    (compared,) = figures['compare']
    # Among so few clips the graph suggests all.
    assert compared['changes'] == 'search=ann'
    assert compared['options']['search'] == 'ann'
    assert compared['map'] == figures['map']
    assert compared['difference']['map'] == 0
    assert compared['difference']['map_interval'] == [0, 0]
    assert set(compared['difference']['stress']) == set(figures['stress'])


def test_other_choices_are_other_runs(recordings: Path) -> None:
    compared = evaluate(
        recordings, with_baselines=False, compare=['pooling=mean,window=1.5,stride=1']
    )
    assert compared.baselines == {}
    ((changes, run),) = compared.comparisons
    assert changes == 'pooling=mean,window=1.5,stride=1'
    assert (run.choices.pooling, run.choices.window) == ('mean', 1.5)
    difference = run.less(compared.base).values['map']
    np.testing.assert_allclose(difference, run.values['map'] - compared.base.values['map'])
    assert (run.distances != compared.base.distances).any()


def test_the_report_is_one_page_without_anything_from_elsewhere(
    result: Evaluation, figures: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / 'report.html'
    path.write_text(report.html(result, figures))
    requested, problems = [], []
    with running_browser() as browser:
        page = browser.new_page(viewport={'width': 400, 'height': 800})
        page.on('request', lambda request: requested.append(request.url))
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on('console', lambda message: problems.append(message.text))
        page.goto(path.as_uri())
        assert page.title() == f'Evaluation of {result.folder}'
        assert page.evaluate('document.documentElement.scrollWidth') == 400
        assert page.locator('table.confusion tbody tr').count() == 4
        assert page.locator('svg rect').count() > 0
        players = page.locator('audio')
        asked = len(figures['worst'])
        assert 2 * asked <= players.count() <= 3 * asked
        if asked:
            duration = 'audio => new Promise(done => { audio.onloadedmetadata = () => '
            duration += 'done(audio.duration); audio.load(); audio.preload = "auto" })'
            assert players.first.evaluate(duration) == pytest.approx(2, abs=0.2)
    assert [url for url in requested if not url.startswith('data:')] == [path.as_uri()]
    assert problems == []


def test_names_are_text_in_the_report(result: Evaluation, figures: dict[str, Any]) -> None:
    page = report.html(result, figures | {'warnings': ['<script>alert(1)</script>']})
    assert '<script' not in page
    assert '&lt;script&gt;' in page


def test_clips_that_cannot_be_decoded_are_left_out_and_named(tmp_path: Path) -> None:
    for label in ('a', 'b'):
        (tmp_path / label).mkdir()
        for number in range(2):
            noise = np.random.default_rng(number).normal(0, 0.1, 16000)
            soundfile.write(tmp_path / label / f'{label}{number}.wav', noise, 16000)
    (tmp_path / 'b' / 'broken.wav').write_text('no sound')
    found = evaluate(tmp_path, with_baselines=False)
    assert len(found.clips) == 4
    (warning,) = found.warnings
    assert warning.startswith('left out: broken.wav is not audio that can be decoded')
    for path in tmp_path.glob('*/[ab]?.wav'):
        path.write_text('no sound')
    with pytest.raises(EvaluationError, match='None of the 5 clips can be used: a0.wav is not'):
        evaluate(tmp_path)


def test_a_service_is_measured_as_it_is(recordings: Path) -> None:
    with pytest.raises(EvaluationError, match='A service encodes as it is configured'):
        evaluate(recordings, url='http://127.0.0.1:9', compare=['pooling=mean'])
    with pytest.raises(EvaluationError, match='http://127.0.0.1:9 does not answer'):
        evaluate(recordings, url='http://127.0.0.1:9')
