"""evaluate --judgements, asked of a running service."""

import json
from pathlib import Path

import pytest

from audio_search.cli.main import main
from tests.cli.command import run
from tests.running import ROOT, RunningService

LABELS = ('churchbell', 'birds')


@pytest.fixture
def judged(service: RunningService) -> RunningService:
    """Two labels of the toy clips, each with the other one's clips judged wrong."""
    names = [
        path.name
        for path in sorted((ROOT / 'toy-data').glob('*.mp3'))
        if path.stem.split('_', 1)[1] in LABELS
    ]
    clips = service.answers('/index', *({'uri': f'toy-data/{name}'} for name in names))
    said = [
        {
            'id': clip['id'],
            'label': label,
            'judgement': 'right' if label in clip['uri'] else 'wrong',
            'by': 'Ann' if label == LABELS[0] else 'Bob',
        }
        for clip in clips
        for label in LABELS
    ]
    assert not any(one['error'] for one in service.answers('/judgements', *said))
    return service


def test_the_index_is_evaluated(judged: RunningService, tmp_path: Path) -> None:
    report = tmp_path / 'report.html'
    status, output, errors = run(judged, 'evaluate', '--judgements', '--html', report)
    assert (status, errors) == (0, '')
    assert 'birds' in output
    assert 'judged are left out of the rankings (condensed lists)' in ' '.join(output.split())
    page = report.read_text()
    assert 'condensed lists' in page
    assert '>churchbell<' in page
    assert 'http://127' in page
    assert 'src=' not in page
    status, output, _ = run(judged, 'evaluate', '--judgements', '--label', 'birds', '--json')
    figures = json.loads(output)
    assert list(figures['per_label']) == ['birds']
    assert figures['judgements'] == figures['queries'] * 2
    assert 0.5 < figures['map'] <= 1


def test_what_nobody_judged_may_count_as_wrong(
    judged: RunningService, capsys: pytest.CaptureFixture[str]
) -> None:
    def mean(*options: str) -> float:
        arguments = ['evaluate', '--judgements', '--json', '--by', 'Bob', '--url', judged.url]
        assert main([*arguments, *options]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert figures['unjudged'] == ('wrong' if options else 'left out')
        return float(figures['map'])

    others = sorted((ROOT / 'toy-data').glob('*.mp3'))[::4]
    judged.answers('/index', *({'uri': f'toy-data/{path.name}'} for path in others))
    assert mean('--unjudged', 'wrong') <= mean()


@pytest.mark.parametrize(
    ('options', 'sentence'),
    [
        (['collection', '--judgements'], 'as it is; leave out DIR'),
        (['--judgements', '--stress'], 'leave out --stress'),
        ([], 'name a folder of labelled sounds, or give --judgements'),
        (['collection', '--by', 'Ann'], 'are for --judgements; leave them out'),
    ],
)
def test_wrong_use_is_said(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['evaluate', *options]) == 2
    assert sentence in capsys.readouterr().err


def test_nothing_judged_is_said(
    service: RunningService, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['evaluate', '--judgements', '--url', service.url]) == 1
    assert 'Nothing can be evaluated: a label needs two clips' in capsys.readouterr().err
