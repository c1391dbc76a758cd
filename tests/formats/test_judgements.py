"""Files of judgements, read back by the programs they are for, and by ourselves."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import crowsetta
import pandas
import pytest

from audio_search.formats.judgement_files import JudgementFileError, read_judgements
from audio_search.formats.judgements import Judged, JudgementFormat, render_judgements
from audio_search.roots import Roots
from tests.conftest import write_tone

TIME = '2026-11-29T09:00:00.000Z'
PART = Judged('1', 'a.wav', 'bell', 'right', (2.0, 4.125), 'Ann', TIME)
WHOLE = Judged('1', 'a.wav', 'dog, "barking"', 'wrong', None, '', TIME)
CUT = Judged('2', 'b.wav#t=60,70', 'bell', 'unsure', None, '=Bob', TIME)
ALL = [PART, WHOLE, CUT]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_tone(tmp_path / 'a.wav', 10)
    write_tone(tmp_path / 'b.wav', 100)
    return tmp_path


def written(name: JudgementFormat, judged: list[Judged], folder: Path) -> Path:
    path = folder / 'written.txt'
    path.write_bytes(render_judgements(name, judged, Roots((folder,))).content)
    return path


def test_a_table_comes_back_as_it_was(folder: Path) -> None:
    path = written('csv', ALL, folder)
    assert read_judgements(path) == ALL
    table = pandas.read_csv(path, keep_default_na=False)
    assert table['by'].tolist() == ['Ann', '', "'=Bob"]  # no spreadsheet computes it
    assert table['beg_s'].tolist() == ['2.000', '', '']


def test_a_selection_table_comes_back_as_it_was(folder: Path) -> None:
    path = written('raven', ALL, folder)
    back = read_judgements(path)
    assert sorted(back, key=str) == sorted((replace(one, uri=one.file) for one in ALL), key=str)


@pytest.mark.filterwarnings('ignore:The inplace keyword')  # crowsetta 5.1 under pandas 3.1
def test_raven_finds_each_selection_in_its_file_and_in_the_sequence(folder: Path) -> None:
    table = pandas.read_csv(written('raven', ALL, folder), sep='\t', keep_default_na=False)
    lengths = table['End Time (s)'] - table['Begin Time (s)']
    assert table['Begin Path'].tolist() == ['a.wav', 'a.wav', 'b.wav']
    assert table['File Offset (s)'].tolist() == [0, 2, 60]
    assert table['Begin Time (s)'].tolist() == [0, 2, 70]
    assert lengths.tolist() == [10, 2.125, 10]
    path = written('raven', ALL, folder)
    assert len(crowsetta.formats.bbox.Raven.from_file(path, annot_col='Annotation').df) == 3


def test_label_tracks_come_back_for_their_clip(folder: Path) -> None:
    unclear = replace(PART, label='x [wrong]', part=(5.0, 6.0))
    path = written('audacity', [PART, WHOLE, unclear], folder)
    assert path.read_text().splitlines() == [
        '0.000000\t0.000000\tdog, "barking" [wrong]',
        '2.000000\t4.125000\tbell',
        '5.000000\t6.000000\tx [wrong] [right]',
    ]
    back = read_judgements(path, clip='a.wav')
    assert back == [
        replace(one, id='a.wav', by='', time='') for one in (WHOLE, PART, unclear)
    ]  # fmt: skip


def test_a_clip_that_is_a_part_of_a_file_begins_there(folder: Path) -> None:
    path = written('audacity', [CUT], folder)
    assert path.read_text() == '60.000000\t60.000000\tbell [unsure]\n'
    (back,) = read_judgements(path, clip=CUT.uri)
    assert (back.part, back.judgement) == (None, 'unsure')


def test_several_recordings_are_a_zip_of_tracks(folder: Path) -> None:
    made = render_judgements('audacity', ALL, Roots((folder,)))
    assert (made.media_type, made.name) == ('application/zip', 'judgements.zip')
    with zipfile.ZipFile(io.BytesIO(made.content)) as file:
        assert sorted(file.namelist()) == ['a.wav.txt', 'b.wav.txt']


def test_a_table_that_another_program_made_of_one_sound(tmp_path: Path) -> None:
    path = tmp_path / 'by hand.txt'
    path.write_text(
        'Selection\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tBegin File\tSpecies\n'
        '1\t1.5\t2.5\t0\tbirds/robin.wav\tRobin\n2\t3\t4\t0\tbirds/robin.wav\t\n'
    )
    first, second = read_judgements(path, label='bird')
    assert first == Judged('', 'birds/robin.wav', 'Robin', 'right', (1.5, 2.5))
    assert second.label == 'bird'
    assert read_judgements(path, clip='mine', label='bird')[0].id == 'mine'


def test_a_track_of_audacity_with_frequencies_and_commas(tmp_path: Path) -> None:
    path = tmp_path / 'track.txt'
    path.write_text('1,5\t2,5\tRobin\n\\\t100,0\t2000,0\n\n3\t4\t\n')
    found = read_judgements(path, clip='mine', label='bird')
    assert [(one.label, one.part) for one in found] == [('Robin', (1.5, 2.5)), ('bird', (3.0, 4.0))]


@pytest.mark.parametrize(
    ('text', 'options', 'sentence'),
    [
        ('0\t1\tbell\n', {}, 'is a label track, which does not say of what; name its clip'),
        ('0\t1\tbell\n3\t3\tdog\n', {'clip': 'a'}, 'Line 2 of .* is a point at 3 s; draw it over'),
        ('0\t1\n', {'clip': 'a'}, 'Line 1 of .* has no label; fill it in'),
        ('0\t1\tbell\nx\ty\tdog\n', {'clip': 'a'}, "Line 2 of .* has the time 'x'"),
        ('id,label\n1,\n', {}, 'Line 2 of .* has no label'),
        ('label,judgement\nbell,right\n', {}, 'Line 2 of .* names no clip'),
        ('id,label,beg_s\n1,bell,2\n', {}, "Line 2 of .* has no 'end_s'"),
        ('id,label,beg_s,end_s\n1,bell,2,nan\n', {}, "has the time 'nan'"),
    ],
)
def test_what_cannot_be_read_says_where(
    tmp_path: Path, text: str, options: dict[str, str], sentence: str
) -> None:
    path = tmp_path / 'wrong.txt'
    path.write_text(text)
    with pytest.raises(JudgementFileError, match=sentence):
        read_judgements(path, **options)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(JudgementFileError, match='cannot be read'):
        read_judgements(tmp_path / 'nowhere.csv')
    (tmp_path / 'sound.wav').write_bytes(b'RIFF\xff\xfe')
    with pytest.raises(JudgementFileError, match='is not UTF-8 text'):
        read_judgements(tmp_path / 'sound.wav')
