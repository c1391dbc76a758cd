"""Exports, read by the programs they are for."""

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas
import pytest
from pyarrow import parquet as pq

from audio_search.cli import main
from audio_search.export import COLUMNS, GROUP_ROWS, ExportError, export
from audio_search.store import IndexFileError
from audio_search.store.records import UNKNOWN
from audio_search.store.sqlite import SqliteStore
from audio_search.store.sqlite.reading import reading
from tests.running import ROOT
from tests.store.clips import CONFIGURATION, DIMENSIONS, clip, put

TAGS = {'label': 'bell', 'year': 1999, 'who': {'name': 'Zoë'}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        put(store, clip('a', 2, tags=TAGS), clip('b', 1, tags={'label': 7}), clip('c', 3, tags={}))
        yield store


def written(store: SqliteStore, name: str) -> pandas.DataFrame:
    target = store.path.with_name(name)
    with reading(store.path) as index:
        assert export(index, target) == 6
    if target.suffix == '.parquet':
        return pandas.read_parquet(target)
    return pandas.read_json(target, lines=True, dtype=False, precise_float=True)


@pytest.mark.parametrize('name', ['clips.parquet', 'clips.jsonl'])
def test_pandas_reads_every_window_while_the_store_is_open(store: SqliteStore, name: str) -> None:
    table = written(store, name)
    assert tuple(table.columns) == COLUMNS
    assert table['id'].tolist() == ['a', 'a', 'b', 'c', 'c', 'c']
    assert table['uri'].tolist()[0] == 'a.wav'
    assert table['label'].tolist()[:3] == ['bell', 'bell', '7']
    assert table['label'].isna().tolist() == [False] * 3 + [True] * 3
    assert table['chunk'].tolist() == [0, 1, 0, 0, 1, 2]
    assert table['beg_s'].tolist() == [0, 2, 0, 0, 2, 4]
    assert table['end_s'].tolist() == [4, 6, 4, 4, 6, 8]
    tags = table['tags'][0]
    assert (json.loads(tags) if isinstance(tags, str) else tags) == TAGS
    stored = store.clip('a')
    assert stored
    vectors = np.stack(table['vector'][:2].to_list())
    assert np.array_equal(vectors * 128, stored.embeddings)


def test_vectors_are_lists_of_one_size_and_the_file_says_how_they_were_made(
    store: SqliteStore,
) -> None:
    written(store, 'clips.parquet')
    schema = pq.read_schema(store.path.with_name('clips.parquet'))
    vector = schema.field('vector').type
    assert (str(vector.value_type), vector.list_size) == ('float', DIMENSIONS)
    made = json.loads(schema.metadata[b'audio_search'])
    assert made['model_sha256'] == CONFIGURATION.model_sha256


@pytest.mark.parametrize('name', ['clips.parquet', 'clips.jsonl'])
def test_windows_of_a_recording_have_the_time_of_day(store: SqliteStore, name: str) -> None:
    store.clear()
    bare = clip('b', 1, uri='20240512_050000.wav')
    bare.locations[:, 3:] = UNKNOWN
    put(store, clip('a', 2, uri='SITE_20240512_043000.wav#t=0,6'), bare, clip('c', 3))
    times = written(store, name)['recorded_at']
    assert times.tolist()[:2] == ['2024-05-12T04:30:00.000', '2024-05-12T04:30:02.000']
    assert times.isna().tolist() == [False] * 2 + [True] * 4


def test_windows_without_times_have_none(store: SqliteStore) -> None:
    bare = clip('bare', 1)
    bare.locations[:, 3:] = UNKNOWN
    store.clear()
    put(store, bare)
    target = store.path.with_name('clips.parquet')
    with reading(store.path) as index:
        export(index, target)
    assert pandas.read_parquet(target)[['beg_s', 'end_s']].isna().all(axis=None)


def test_an_empty_index_is_an_empty_table(store: SqliteStore) -> None:
    store.clear()
    for name in ('clips.parquet', 'clips.jsonl'):
        with reading(store.path) as index:
            assert export(index, store.path.with_name(name)) == 0
    assert pandas.read_parquet(store.path.with_name('clips.parquet')).columns.tolist() == list(
        COLUMNS
    )


def test_the_moment_is_the_one_at_which_it_began(store: SqliteStore) -> None:
    with reading(store.path) as index:
        clips = index.clips()
        assert next(clips).id == 'a'
        put(store, clip('d'))
        with store.transaction() as transaction:
            transaction.delete('b')
        assert [one.id for one in clips] == ['b', 'c']


def test_row_groups_bound_the_memory(store: SqliteStore) -> None:
    chunks = 500
    put(store, *(clip(f'long{number}', chunks) for number in range(GROUP_ROWS // chunks * 2 + 4)))
    target = store.path.with_name('clips.parquet')
    tracemalloc.start()
    with reading(store.path) as index:
        count = export(index, target)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    groups = pq.ParquetFile(target).metadata
    assert [groups.row_group(n).num_rows for n in range(groups.num_row_groups)] == [
        GROUP_ROWS, GROUP_ROWS, count - 2 * GROUP_ROWS,
    ]  # fmt: skip
    assert peak < 4 * GROUP_ROWS * 1000  # about 1 kB for a row in Python, and not three groups


def test_nothing_is_overwritten_and_nothing_half_is_left(store: SqliteStore) -> None:
    folder = store.path.parent
    (folder / 'kept.jsonl').write_text('mine')
    before = sorted(folder.iterdir())
    for name, reason in (
        ('kept.jsonl', 'exists already'),
        ('clips.csv', r'\.parquet nor \.jsonl'),
        ('none/clips.jsonl', 'a folder that exists'),
    ):
        with reading(store.path) as index, pytest.raises(ExportError, match=reason):
            export(index, folder / name)
    assert (folder / 'kept.jsonl').read_text() == 'mine'
    assert sorted(folder.iterdir()) == before


def test_an_index_that_is_not_there_or_damaged_is_named(tmp_path: Path) -> None:
    with pytest.raises(IndexFileError, match='index something first'), reading(tmp_path / 'no'):
        pass
    (tmp_path / 'other').write_bytes(b'text' * 100)
    with pytest.raises(IndexFileError, match='not an index'), reading(tmp_path / 'other'):
        pass


def test_the_verb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('AUDIO_SEARCH_WORKSPACE', str(tmp_path))
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as store:
        put(store, clip('a', 2))
        assert main.main(['export', str(tmp_path / 'clips.parquet')]) == 0
        output, errors = capsys.readouterr()
        assert output == ''
        assert 'wrote 2 windows' in errors
        run = subprocess.run(
            [sys.executable, 'app.py', 'export', '-'],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert [json.loads(line)['chunk'] for line in run.stdout.splitlines()] == [0, 1]
    assert len(pandas.read_parquet(tmp_path / 'clips.parquet')) == 2
