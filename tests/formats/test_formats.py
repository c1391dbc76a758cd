"""Files of hits, read back by the programs they are for, or by a reader of their formats."""

import io
import zipfile
from pathlib import Path
from typing import Any

import crowsetta
import pandas
import pytest

from audio_search.formats import FORMATS, Format, Hit, hits_of, render
from audio_search.formats.playlist import playlist
from audio_search.formats.raven import selection_table
from audio_search.formats.table import csv_text
from audio_search.roots import Roots
from tests.conftest import write_tone

FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1']


def match(uri: str | None, beg: int | None, end: int | None, **fields: Any) -> dict[str, Any]:
    return {
        'id': f'id of {uri}',
        'uri': uri,
        'scores': {'cosine': 0.25},
        'tags': {'label': 'bell'},
        'beg_in_ms': beg,
        'end_in_ms': end,
        'query_beg_in_ms': 2000,
        'query_end_in_ms': 6000,
    } | fields


def query(*matches: dict[str, Any], uri: str = 'query.wav#t=2,9') -> dict[str, Any]:
    return {'id': 'q', 'uri': uri, 'tags': {}, 'error': None, 'matches': list(matches)}


def text(
    name: Format, *queries: dict[str, Any], roots: tuple[Path, ...] = (), base: str = ''
) -> str:
    return render(name, queries, Roots(roots), base).content.decode()


def table(*queries: dict[str, Any]) -> pandas.DataFrame:
    return pandas.read_csv(io.StringIO(text('csv', *queries)), keep_default_na=False)


def selections(table: str) -> pandas.DataFrame:
    return pandas.read_csv(io.StringIO(table), sep='\t')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, of 10 s and of 6 s; their names are in the other order."""
    write_tone(tmp_path / 'b.wav', 10)
    write_tone(tmp_path / 'c.wav', 6)
    return tmp_path


def test_pandas_reads_the_csv_as_it_was() -> None:
    found = query(
        match('bells/"noon", Zürich.mp3', 0, 4000),
        match('rec.wav#t=600,1200', 612_500, 616_500, scores={'cosine': 0.5},
            recorded_at='2024-05-12T04:40:12.500'),
    )  # fmt: skip
    rows = table(found)
    assert rows.to_dict('records') == [
        {
            'file': 'bells/"noon", Zürich.mp3', 'beg_s': 0.0, 'end_s': 4.0, 'distance': 0.25,
            'label': 'bell', 'query_file': 'query.wav', 'query_beg_s': 2.0, 'query_end_s': 6.0,
            'recorded_at': '',
        },
        {
            'file': 'rec.wav', 'beg_s': 612.5, 'end_s': 616.5, 'distance': 0.5,
            'label': 'bell', 'query_file': 'query.wav', 'query_beg_s': 2.0, 'query_end_s': 6.0,
            'recorded_at': '2024-05-12T04:40:12.500',
        },
    ]  # fmt: skip


@pytest.mark.parametrize('formula', FORMULAS)
def test_no_cell_of_the_csv_is_a_formula(formula: str) -> None:
    found = query(match(formula, 0, 4000, tags={'label': formula}), uri=formula)
    (row,) = table(found).to_dict('records')
    for column in ('file', 'label', 'query_file'):
        assert row[column] == f"'{formula}"


def test_hits_without_times_without_a_file_or_without_a_label_are_there_too() -> None:
    bare = match(None, None, None, tags={})
    (row,) = table(query(bare)).to_dict('records')
    assert (row['file'], row['beg_s'], row['end_s'], row['label']) == ('id of None', '', '', '')
    assert text('audacity', query(bare)) == '0.000000\t0.000000\t0.250\n'
    assert 'id of None' in text('raven', query(bare))
    assert 'id of None' in text('m3u', query(bare))


def test_a_sound_that_came_in_the_request_is_named_by_its_id_not_by_its_text() -> None:
    (row,) = table(query(match('a.wav', 0, 4000), uri='data:audio/wav;base64,AAAA')).to_dict(
        'records'
    )
    assert row['query_file'] == 'q'


@pytest.mark.parametrize('name', FORMATS)
def test_no_hits_make_a_file_without_entries(name: Format) -> None:
    assert hits_of([query()]) == []
    made = render(name, [query()], Roots())
    assert len(made.content.splitlines()) == (0 if name == 'audacity' else 1)


def test_a_reader_of_audacity_labels_reads_one_recording(tmp_path: Path) -> None:
    found = query(match('a.wav', 4000, 8000), match('a.wav', 500, 4500, tags={'label': 'a\tb\n'}))
    path = tmp_path / 'hits.txt'
    path.write_text(text('audacity', found))
    labels = crowsetta.formats.seq.AudSeq.from_file(path)
    assert labels.start_times.tolist() == [0.5, 4.0]
    assert labels.end_times.tolist() == [4.5, 8.0]
    assert labels.labels.tolist() == ['a b 0.250', 'bell 0.250']


def test_programs_that_know_no_time_of_day_are_told_it_in_the_text() -> None:
    timed = query(match('a.wav', 500, 4500, recorded_at='2024-05-12T04:30:00.500+02:00'))
    assert text('audacity', timed).endswith('\tbell 0.250 2024-05-12 04:30:00+02:00\n')
    assert selections(text('raven', timed))['Recorded At'].tolist() == [
        '2024-05-12T04:30:00.500+02:00'
    ]


def test_several_recordings_are_a_zip_with_one_label_track_each(tmp_path: Path) -> None:
    uris = ['x/a.wav', 'x_a.wav', '/srv/../etc/passwd', 'X/A.wav']
    made = render('audacity', [query(*(match(uri, 0, 4000) for uri in uris))], Roots())
    assert (made.media_type, made.name) == ('application/zip', 'hits.zip')
    with zipfile.ZipFile(io.BytesIO(made.content)) as file:
        names = file.namelist()
        assert names == ['x_a.wav.txt', 'x_a.wav.2.txt', 'srv_.._etc_passwd.txt', 'X_A.wav.3.txt']
        assert {file.read(name) for name in names} == {b'0.000000\t4.000000\tbell 0.250\n'}


@pytest.mark.filterwarnings('ignore:The inplace keyword')  # crowsetta 5.1 under pandas 3.1
def test_a_reader_of_raven_tables_reads_both_ways_of_opening(folder: Path) -> None:
    found = query(match('c.wav', 1000, 5000), match('b.wav', 2000, 6000), match('b.wav', 0, 4000))
    path = folder / 'hits.selections.txt'
    path.write_text(text('raven', found, roots=(folder,)))
    boxes = crowsetta.formats.bbox.Raven.from_file(path, annot_col='Annotation').to_bbox()
    assert [(box.onset, box.offset, box.label) for box in boxes] == [
        (0.0, 4.0, 'bell'),
        (2.0, 6.0, 'bell'),
        (11.0, 15.0, 'bell'),  # b.wav lasts 10 s and stands before c.wav
    ]
    assert {(box.low_freq, box.high_freq) for box in boxes} == {(125.0, 7500.0)}
    rows = pandas.read_csv(path, sep='\t')
    assert rows['Begin Path'].tolist() == ['b.wav', 'b.wav', 'c.wav']
    assert rows['File Offset (s)'].tolist() == [0.0, 2.0, 1.0]


def test_a_file_that_is_gone_moves_no_other_in_the_raven_table(folder: Path) -> None:
    found = query(match('a-gone.wav', 1000, 5000), match('b.wav', 0, 4000), match('c.wav', 0, 4000))
    rows = selections(text('raven', found, roots=(folder,)))
    assert rows['Begin Path'].tolist() == ['b.wav', 'c.wav', 'a-gone.wav']
    assert rows['Begin Time (s)'].tolist() == [0.0, 10.0, 17.0]


def test_a_file_that_is_no_sound_any_more_counts_as_gone(folder: Path) -> None:
    (folder / 'a.wav').write_text('no sound')
    found = query(match('a.wav', 1000, 5000), match('b.wav', 0, 4000))
    rows = selections(text('raven', found, roots=(folder,)))
    assert rows['Begin Path'].tolist() == ['b.wav', 'a.wav']


def test_paths_are_relative_to_the_base_of_the_list(folder: Path) -> None:
    found = query(match('b.wav#t=2,9', 2000, 6000), match('gone.wav', 0, 4000))
    lists = folder / 'lists'
    for base, expected in (
        ('', 'b.wav'),
        (str(folder), 'b.wav'),
        (str(lists), '../b.wav'),
        ('/', str(folder / 'b.wav')),
    ):
        lines = text('m3u', found, roots=(folder,), base=base).splitlines()
        assert lines[0] == '#EXTM3U'
        assert [line for line in lines if not line.startswith('#')] == [expected, 'gone.wav']
        raven = pandas.read_csv(
            io.StringIO(text('raven', found, roots=(folder,), base=base)), sep='\t'
        )
        assert raven['Begin Path'].tolist() == [expected, 'gone.wav']
        assert raven['Begin Time (s)'].tolist() == [2.0, 10.0]


def test_the_playlist_names_the_part_and_takes_no_file_for_a_comment() -> None:
    hit = Hit('#1.wav', 2.5, 6.5, 0.1, 'a\nb', 'q.wav', 0, 4)
    assert playlist([hit]).splitlines() == [
        '#EXTM3U',
        '#EXTINF:4,a b 0.100 2.5-6.5 s',
        '#EXTVLCOPT:start-time=2.500',
        '#EXTVLCOPT:stop-time=6.500',
        './#1.wav',
    ]


def test_no_hit_breaks_its_row() -> None:
    hit = Hit('a\tb\nc.wav', 0, 4, 0.1, 'x\ty', 'q\n.wav', 0, 4)
    assert len(selection_table([hit], {}).splitlines()) == 2
    assert len(pandas.read_csv(io.StringIO(csv_text([hit])))) == 1
