import json
from pathlib import Path

import pytest

from audio_search.page.asked import Asked, Example, read_asked
from audio_search.page.judging import read_said
from audio_search.page.listed import read_chosen, read_listed
from audio_search.page.text import Problem


def test_what_the_page_asks_is_read(tmp_path: Path) -> None:
    own = str(tmp_path / 'ab' / 'x.wav')
    sent = {
        'like': [
            {'kind': 'id', 'value': 'a#t=4,8', 'name': 'a.wav'},
            {'kind': 'own', 'value': own},
        ],
        'unlike': [{'kind': 'words', 'value': 'rain', 'hint': 'ignored'}],
        'right': [{'kind': 'id', 'value': 'b'}],
        'tags': [['label', 'bell'], ['label', 'bird'], ['year', '2001']],
        'limit': 500,
        'distance': 0.5,
        'alone': False,
        'among': ['x', 'y'],
    }
    asked = read_asked(json.dumps(sent), tmp_path)
    assert [one.clip_id for one in asked.like] == ['a', own]
    assert asked.like[1].path == Path(own)
    assert asked.limit == 50
    assert not asked.exclude_self
    assert asked.single is None
    assert asked.filter() == {
        'label': {'$in': ['bell', 'bird']},
        'year': {'$in': ['2001', 2001]},
        '$id': {'$in': ['x', 'y']},
    }
    assert Asked(like=(Example('id', 'a'),)).single == Example('id', 'a')
    assert read_asked('{}', tmp_path) == Asked()


@pytest.mark.parametrize(
    'sent',
    [
        'no JSON',
        '[]',
        '{"like": [{"kind": "id"}]}',
        '{"like": [{"kind": "file", "value": "a"}]}',
        '{"like": [{"kind": "own", "value": "/etc/passwd"}]}',
        '{"like": [{"kind": "own", "value": "FOLDER/../secret.wav"}]}',
        '{"limit": "many"}',
        '{"distance": []}',
        json.dumps({'like': [{'kind': 'id', 'value': str(number)} for number in range(51)]}),
    ],
)
def test_what_the_page_would_not_ask_is_refused(tmp_path: Path, sent: str) -> None:
    with pytest.raises(Problem):
        read_asked(sent.replace('FOLDER', str(tmp_path)), tmp_path)


def test_a_list_and_a_selection_are_read() -> None:
    listed = read_listed(
        '{"text": " bell ", "tags": [["year", "3"]], "order": "oldest", "page": 3}'
    )
    assert listed.offset == 50
    assert listed.filter() == {'year': {'$in': ['3', 3]}, '$text': 'bell'}
    assert not listed.is_newest_first
    assert read_listed('{"page": -2}').page == 1
    assert read_chosen('{"ids": ["a", 1], "label": "x"}').ids == ('a', '1')
    every = read_chosen('{"text": "bell", "label": " "}')
    assert every.listed is not None
    assert every.listed.text == 'bell'
    assert every.label == ''
    for sent in ('[]', 'x', '{"tags": 3}', '{"page": "x"}'):
        with pytest.raises(Problem):
            read_listed(sent)


def test_a_judgement_is_read() -> None:
    said = read_said('{"id": "a", "part": [4, 8], "label": "bell", "verdict": "right"}')
    assert (said.clip_id, said.part, said.label, said.verdict) == ('a', (4.0, 8.0), 'bell', 'right')
    assert read_said('{"id": "a", "part": [0, 0], "label": "b", "verdict": null}').part is None
    for sent in ('{}', '[]', '{"id": "a", "part": 3, "label": "b", "verdict": null}'):
        with pytest.raises(Problem):
            read_said(sent)
