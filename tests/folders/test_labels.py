"""Tags from names and from tables."""

from typing import Any

import pytest

from audio_search.folders.files import SoundFile
from audio_search.folders.labels import LabelError, rule
from audio_search.folders.tables import Table, part
from audio_search.folders.tally import reason
from audio_search.tables import Row


def file(name: str, folder: str = '/sounds') -> SoundFile:
    return SoundFile(f'{folder}/{name}', f'{folder}/{name}', folder)


@pytest.mark.parametrize(
    ('text', 'name', 'tags'),
    [
        ('folder', 'birds/1.wav', {'label': 'birds'}),
        ('folder', '1.wav', {'label': 'sounds'}),
        ('name', 'a/143_birds.mp3', {'label': 'birds'}),
        ('name', 'church bell (3).wav', {'label': 'church bell'}),
        ('name', 'grün-07.wav', {'label': 'grün'}),
        ('name', '1999.wav', {'label': '1999'}),
        (r'^(\w+)/', 'birds/1.wav', {'label': 'birds'}),
        (r'birds|bells', 'x/bells-1.wav', {'label': 'bells'}),
        (r'sounds', 'birds/1.wav', {}),
        (r'(?P<year>\d{4})(?P<by>_[a-z]+)?', 'a/1999.wav', {'year': '1999'}),
    ],
)
def test_rules(text: str, name: str, tags: dict[str, str]) -> None:
    assert rule(text)(file(name)) == tags


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(LabelError, match='neither folder nor name'):
        rule('(')


def test_rows_are_joined_by_as_much_of_the_path_as_they_have() -> None:
    table = Table([Row(2, '1.wav', {'n': 1}), Row(2, 'a/1.wav', {'n': 2}), Row(2, 'xc7', {'n': 3})])
    rows: list[Any] = [
        [row.tags['n'] for row in table.rows_of(file(name))]
        for name in ('a/1.wav', 'b/1.wav', 'ba/1.wav', 'c/xc7.mp3', 'other.wav')
    ]
    assert rows == [[2], [1], [1], [3], []]
    assert table.unused == 0


def test_two_rows_of_one_part_are_one_clip() -> None:
    rows = [
        Row(2, '1.wav', {'a': 1, 'b': 1}, 0, 2),
        Row(2, '1.wav', {'b': 2}, 0, 2),
        Row(2, '1.wav', {}, 2, 4),
    ]
    assert [row.tags for row in Table(rows).rows_of(file('1.wav'))] == [{'a': 1, 'b': 2}, {}]
    assert Table(rows).unused == 1


def test_equal_reasons_are_equal_whatever_the_file() -> None:
    errors = {
        reason(file(f'{n}/{n}.wav'), f'/sounds/{n}/{n}.wav is empty (0 bytes); replace it')
        for n in range(3)
    }
    assert errors == {'the file is empty (0 bytes)'}


def test_a_part_is_the_fragment_of_a_uri() -> None:
    assert part(Row(2, 'a.wav', {}, 1.5, 4.25)) == '#t=1.5,4.25'
    assert part(Row(2, 'a.wav', {}, 1.5)) == '#t=1.5'
    assert part(Row(2, 'a.wav', {})) == ''
