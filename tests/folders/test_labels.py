"""Tags from names and from tables."""

from pathlib import Path
from typing import Any

import pytest

from audio_search.folders import tables
from audio_search.folders.files import SoundFile
from audio_search.folders.labels import LabelError, rule
from audio_search.folders.tables import Row, Table, TableError, read
from audio_search.folders.tally import reason


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


def test_a_table_is_read_with_numbers_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / 'esc50.csv'
    path.write_text(
        '\ufefffilename,fold,target,category,esc10,note\n'
        '1-137-A-32.wav,1,32,keyboard_typing,False,"a, b"\n2.wav,2,,,,\n'
    )
    assert read(str(path)) == [
        Row(
            '1-137-A-32.wav',
            {
                'fold': 1, 'target': 32, 'category': 'keyboard_typing', 'esc10': False,
                'note': 'a, b', 'label': 'keyboard_typing',
            },
        ),
        Row('2.wav', {'fold': 2}),
    ]  # fmt: skip


def test_parts_of_recordings_are_read(tmp_path: Path) -> None:
    path = tmp_path / 'annotations.tsv'
    path.write_text('Begin Path\tBegin Time (s)\tEnd Time (s)\tlabel\na.wav\t1.5\t4.25\towl\n')
    (row,) = read(str(path))
    assert row == Row('a.wav', {'label': 'owl'}, 1.5, 4.25)
    assert row.part == '#t=1.5,4.25'


@pytest.mark.parametrize(
    'text', ['', 'a,b\n1,2\n', 'filename,start,end\na.wav,one,two\n', 'filename\n\udcff\n']
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'table.csv'
    path.write_text(text, errors='surrogateescape')
    with pytest.raises(TableError, match=r'table\.csv'):
        read(str(path))
    with pytest.raises(TableError, match='nowhere'):
        read('nowhere')


def test_rows_are_joined_by_as_much_of_the_path_as_they_have() -> None:
    table = Table([Row('1.wav', {'n': 1}), Row('a/1.wav', {'n': 2}), Row('xc7', {'n': 3})])
    rows: list[Any] = [
        [row.tags['n'] for row in table.rows_of(file(name))]
        for name in ('a/1.wav', 'b/1.wav', 'ba/1.wav', 'c/xc7.mp3', 'other.wav')
    ]
    assert rows == [[2], [1], [1], [3], []]
    assert table.unused == 0


def test_two_rows_of_one_part_are_one_clip() -> None:
    rows = [
        Row('1.wav', {'a': 1, 'b': 1}, 0, 2),
        Row('1.wav', {'b': 2}, 0, 2),
        Row('1.wav', {}, 2, 4),
    ]
    assert [row.tags for row in Table(rows).rows_of(file('1.wav'))] == [{'a': 1, 'b': 2}, {}]
    assert tables.Table(rows).unused == 1


def test_equal_reasons_are_equal_whatever_the_file() -> None:
    errors = {
        reason(file(f'{n}/{n}.wav'), f'/sounds/{n}/{n}.wav is empty (0 bytes); replace it')
        for n in range(3)
    }
    assert errors == {'the file is empty (0 bytes)'}
