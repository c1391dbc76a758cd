"""What a clip is, by its folder, its name or a table."""

from pathlib import Path

import pytest

from audio_search.evaluation import labels
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.labels import Clip, LabelSource
from audio_search.tables import Columns
from tests.conftest import write_tone
from tests.running import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sounds in three folders; only names and places matter here."""
    for name in ('bell/1.wav', 'bell/2.WAV', 'horn/1.wav', 'audio/x.wav', '.trash/y.wav'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_tone(tmp_path / name, 0.1)
    (tmp_path / 'notes.txt').write_text('no sound')
    return tmp_path


def found(labelled: labels.Labelled) -> list[tuple[str, str, str | None]]:
    return [(clip.path.name, clip.label, clip.group) for clip in labelled.clips]


def test_the_folder_a_file_is_in_is_its_label(folder: Path) -> None:
    assert found(labels.read(folder, LabelSource())) == [
        ('x.wav', 'audio', None),
        ('1.wav', 'bell', None),
        ('2.WAV', 'bell', None),
        ('1.wav', 'horn', None),
    ]
    grouped = labels.read(folder, LabelSource('folder'), group_by='folder')
    assert {clip.group for clip in grouped.clips} == {
        str(folder / name) for name in ('audio', 'bell', 'horn')
    }


def test_toy_clips_have_their_label_in_the_name() -> None:
    labelled = labels.read(ROOT / 'toy-data', LabelSource())
    assert len(labelled.clips) == 60
    assert len({clip.label for clip in labelled.clips}) == 10
    assert Clip(ROOT / 'toy-data' / '143_birds.mp3', 'birds') in labelled.clips


def test_names_by_a_pattern_of_ones_own(tmp_path: Path) -> None:
    for name in ('bell-a.wav', 'bell-b.wav', 'other.wav'):
        write_tone(tmp_path / name, 0.1)
    labelled = labels.read(tmp_path, LabelSource(pattern='(?P<label>[a-z]+)-.'))
    assert found(labelled) == [('bell-a.wav', 'bell', None), ('bell-b.wav', 'bell', None)]
    assert labelled.warnings == ['left out, because no label is in their names: other.wav']


def test_a_table_of_the_folder_is_found_and_its_files_too(folder: Path) -> None:
    (folder / 'meta').mkdir()
    (folder / 'meta' / 'esc50.csv').write_text(
        'filename,fold,target,category\nx.wav,1,0,dog\n2.WAV,2,0,cat\n1.wav,2,0,cat\nz.wav,1,1,cow\n'
    )
    labelled = labels.read(folder, LabelSource(), group_by='fold')
    # Two files are called 1.wav, so that the row does not say which it means.
    assert found(labelled) == [('x.wav', 'dog', '1'), ('2.WAV', 'cat', '2')]
    assert labelled.source.endswith('esc50.csv')
    assert labelled.warnings == [
        'left out, because the table names them, but they are not in the folder: 1.wav, z.wav'
    ]


def test_parts_of_recordings_in_a_table_with_named_columns(folder: Path) -> None:
    table = folder / 'parts.csv'
    table.write_text('rec,kind,from,to\nbell/1,a,0,1\nbell/1,b,0,1\nx,b,1,\n2.WAV,,,\n')
    source = LabelSource(table=table, columns=Columns('rec', 'kind', 'from', 'to'))
    labelled = labels.read(folder, source, group_by='file')
    # A row without a suffix means the only file of that name.
    assert [(clip.name, clip.label) for clip in labelled.clips] == [('x.wav#t=1', 'b')]
    assert labelled.clips[0].group == str(folder / 'audio' / 'x.wav')
    assert len(labelled.warnings) == 2
    table.write_text('rec,kind,from,to\nbell/1.wav,a,0,1\nbell/1.wav,b,0,1\n')
    labelled = labels.read(folder, source)
    assert [(clip.name, clip.label) for clip in labelled.clips] == [('1.wav#t=0,1', 'a')]
    assert labelled.warnings == ['in 1 rows a clip gets a second label; the first one counts']


@pytest.mark.parametrize(
    ('source', 'group_by', 'message'),
    [
        (LabelSource(pattern='('), None, 'is no regular expression'),
        (LabelSource(pattern='.*'), None, r'has no group for the label; write \(\?P<label>'),
        (LabelSource('name'), None, r'hold no label that .* finds; give a pattern'),
        (LabelSource(), 'fold', "grouped by 'fold' only where a table has that column"),
        (LabelSource(columns=Columns('a')), None, 'give the table as well'),
        (LabelSource(table=Path('none.csv')), None, 'none.csv cannot be read'),
    ],
)
def test_labels_that_cannot_be_had(
    folder: Path, source: LabelSource, group_by: str | None, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        labels.read(folder, source, group_by)


def test_folders_without_sounds(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match='There are no sounds in'):
        labels.read(tmp_path, LabelSource())
    with pytest.raises(EvaluationError, match='is not a folder'):
        labels.read(tmp_path / 'none', LabelSource())
    table = tmp_path / 'metadata.csv'
    table.write_text('file_name,label\n1.wav,a\n')
    with pytest.raises(EvaluationError, match='none of its 1 files is in'):
        labels.read(tmp_path, LabelSource())
    with pytest.raises(EvaluationError, match="no column 'fold' to group by; it has label"):
        labels.read(tmp_path, LabelSource(), group_by='fold')


def test_clips_among_which_nothing_can_be_found() -> None:
    bell = [Clip(Path('1.wav'), 'bell', 'a'), Clip(Path('2.wav'), 'bell', 'a')]
    horn = Clip(Path('3.wav'), 'horn', 'b')
    with pytest.raises(EvaluationError, match="All 2 clips have the label 'bell'"):
        labels.check(bell)
    with pytest.raises(EvaluationError, match='No clip has another of its label in another group'):
        labels.check([*bell, horn])
    labels.check([*bell, horn, Clip(Path('4.wav'), 'horn')])
