"""Indexes of older schemas, as older programs wrote them (tests/data/indexes/make.py)."""

import json
import logging
import lzma
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from audio_search.audio.sources import clip_id, resolve
from audio_search.roots import Roots
from audio_search.store import IndexFileError
from audio_search.store.judgements import Judgement, SavedSearch
from audio_search.store.sqlite import SqliteStore, check
from audio_search.store.sqlite.schema import SCHEMA_VERSION, read_configuration
from tests.store.clips import CONFIGURATION as TODAY
from tests.store.clips import clip, put
from tests.store.sqlite.files import contents, file_size_limit

INDEXES = Path(__file__).parents[2] / 'data' / 'indexes'
# What is recorded of the vectors of an index that is older than the steps of the front end.
CONFIGURATION = replace(TODAY, padding='silence', lift_to_dbfs=None, silence='as_published')
TIME = '2026-11-29T09:00:00.000Z'
UPLOAD = 'd41d8cd98f00b204e9800998ecf8427e/upload.wav'


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """A folder with a file of the same name as one in the second; the sounds; the uploads."""
    folders = tmp_path / 'first', tmp_path / 'sounds', tmp_path / 'sounds' / 'media'
    for folder in folders:
        folder.mkdir()
    names = 'bells/noon.wav', 'field.wav', 'bells/relative.wav', 'mine.wav', 'twice.wav'
    for path in (
        folders[0] / 'shadowed.wav',
        *(folders[1] / name for name in (*names, 'shadowed.wav')),
        folders[2] / UPLOAD,
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b'sound')
    return Roots(folders)


@pytest.fixture(params=[1, 2, 3, 4, 5, 6], ids='v{}'.format)
def version(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def old(path: Path, roots: Roots, version: int) -> Path:
    """An index of an older schema, of the files below `roots`."""
    path.parent.mkdir()
    path.write_bytes(lzma.decompress((INDEXES / f'v{version}.sqlite.xz').read_bytes()))
    with closing(sqlite3.connect(path)) as db, db:
        for column in ('uri', 'source'):
            db.execute(
                f"UPDATE clips SET {column} = replace({column}, '/sounds/', ?)", (f'{roots[1]}/',)
            )
    with closing(sqlite3.connect(path)) as db:
        db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    return path


def rows(path: Path, columns: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f'SELECT {columns} FROM clips ORDER BY number').fetchall()


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(f'file:{path}?mode=ro', uri=True)) as db:
        return db.execute('PRAGMA user_version').fetchone()[0]


@pytest.mark.parametrize('version', [1, 2], ids='v{}'.format)
def test_uris_become_relative_to_their_roots(old, roots):
    before = rows(old, 'number, id, tags, sample_rate, chunk_count')
    with SqliteStore(old, CONFIGURATION, roots=roots) as index:
        assert [entry.uri for entry in index.page(0, 99)[0]] == [
            'bells/noon.wav',
            'field.wav#t=600,1200',
            'bells/relative.wav',
            '/elsewhere/bell.wav',
            'mine.wav',
            f'{roots[1]}/twice.wav',  # the newer of the two has the uri
            'twice.wav',
            f'{roots[1]}/shadowed.wav',  # the first root has another file of that name
            'gone.wav',
            UPLOAD,
            None,
        ]
        assert index.find(uri='twice.wav').id == 'newer'
        for entry in index.page(0, 99)[0]:
            if entry.uri and entry.source and 'gone' not in entry.uri and '/else' not in entry.uri:
                assert str(resolve(entry.uri, roots).path) == entry.source['path']
        own, *_ = index.search(index.clip('mine').embeddings[:1], 1, filter={'number': 5})
        assert own[0].clip_id == 'mine'
        assert index.clip(before[0][1]).chunk_tags == {0: {'own': True}}
        put(index, clip('new'))
    assert rows(old, 'number, id, tags, sample_rate, chunk_count')[:-1] == before
    assert rows(old, 'number')[-1] == (13,)
    assert version_of(old) == SCHEMA_VERSION


@pytest.mark.parametrize('version', [1, 2], ids='v{}'.format)
def test_a_clip_with_an_id_of_its_own_is_found_by_its_sound(old, roots):
    """Also where the schema did not have that yet."""
    with SqliteStore(old, CONFIGURATION, roots=roots) as index:
        source = index.find('mine').source
        assert index.find(source['sound'], 'no such uri').id == 'mine'
        sounds = [json.loads(one)['sound'] for (one,) in rows(old, 'source') if one]
        assert all(len(sound) == 32 for sound in sounds)
        assert index.find(sounds[0]).uri == 'bells/noon.wav'


def test_as_it_was_it_is_kept_beside_it_and_said(old, roots, version, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger('audio_search'), 'propagate', True)
    columns = 'id, uri, source, tags'
    before = rows(old, columns)
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    kept = old.with_name(f'index.sqlite.v{version}.backup')
    assert str(kept) in caplog.text
    assert f'version {version}' in caplog.text
    assert rows(kept, columns) == before
    assert version_of(kept) == version
    assert sorted(path.name for path in old.parent.iterdir()) == [
        'index.sqlite', 'index.sqlite.lock', kept.name,
    ]  # fmt: skip
    caplog.clear()
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    assert caplog.text == ''


def test_what_was_not_done_to_the_sound_is_recorded(old, roots):
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    assert read_configuration(old) == CONFIGURATION
    with pytest.raises(IndexFileError) as refused:
        SqliteStore(old, TODAY, roots=roots)
    assert (
        'was made with padding: silence, lift_to_dbfs: null, silence: as_published, not padding: '
        'repeat, lift_to_dbfs: -12, silence: zero: set that again in flow.yml'
    ) in str(refused.value)


@pytest.mark.parametrize('version', [1, 2, 3], ids='v{}'.format)
def test_a_mean_that_was_not_weighted_is_another_pooling(old, roots):
    with closing(sqlite3.connect(old)) as db, db:
        db.execute("UPDATE configuration SET value = 'mean' WHERE key = 'pooling'")
    before = contents(old.parent)
    with pytest.raises(IndexFileError, match='made by an older version, in whose means'):
        SqliteStore(old, replace(CONFIGURATION, pooling='mean'), roots=roots)
    assert contents(old.parent) == before


def test_a_kept_copy_is_never_overwritten(old, roots, version):
    kept = old.with_name(f'index.sqlite.v{version}.backup')
    kept.write_text('precious')
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    assert kept.read_text() == 'precious'
    assert version_of(old.with_name(f'{kept.name}.2')) == version


def test_a_kept_copy_of_the_same_is_not_made_twice(old, roots, version):
    """As after a crash between the copy and the change."""
    before = old.read_bytes()
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    old.write_bytes(before)
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    assert [path.name for path in old.parent.glob('*.backup*')] == [
        f'index.sqlite.v{version}.backup'
    ]


def test_the_check_before_a_start_takes_it_and_changes_nothing(old):
    before = contents(old.parent)
    check(old, CONFIGURATION)
    assert contents(old.parent) == before


def test_no_room_for_the_copy(old, roots, version):
    before = contents(old.parent)[old.name]
    with file_size_limit(20_000), pytest.raises(IndexFileError) as refused:
        SqliteStore(old, CONFIGURATION, roots=roots)
    assert str(old) in str(refused.value)
    assert 'make room' in str(refused.value)
    assert '\n' not in str(refused.value)
    assert contents(old.parent)[old.name] == before
    assert list(old.parent.glob('*.v*')) == []
    SqliteStore(old, CONFIGURATION, roots=roots).close()


@pytest.mark.parametrize('at', ['before', 'after'], ids=lambda at: f'{at} the last step is kept')
def test_a_crash_leaves_the_old_or_the_new(old, roots, version, at):
    """The process dies in the last step, or right behind it."""
    statement = {'before': f'PRAGMA user_version = {SCHEMA_VERSION}', 'after': 'COMMIT'}[at]
    program = (
        'import os, sqlite3, sys; from pathlib import Path;'
        'from audio_search.roots import Roots;'
        'from audio_search.store.sqlite import migrations;'
        'db_of = migrations.schema.connect;\n'
        'class Dying(sqlite3.Connection):\n'
        '    def execute(self, sql, *args):\n'
        '        done = super().execute(sql, *args)\n'
        '        version = super().execute("PRAGMA user_version").fetchone()[0]\n'
        f'        if sql == {statement!r} and version == {SCHEMA_VERSION}:\n'
        '            os.kill(os.getpid(), 9)\n'
        '        return done\n'
        'connect = sqlite3.connect\n'
        'sqlite3.connect = lambda *args, **kw: connect(*args, **kw, factory=Dying)\n'
        'migrations.migrate(Path(sys.argv[1]), Roots(map(Path, sys.argv[2:])))\n'
    )
    before = rows(old, 'id, uri')
    died = subprocess.run([sys.executable, '-c', program, str(old), *map(str, roots)], check=False)
    assert died.returncode == -9
    check(old, CONFIGURATION)
    assert version_of(old) == SCHEMA_VERSION - (at == 'before')
    assert len(rows(old, 'id, uri')) == len(before)
    with SqliteStore(old, CONFIGURATION, roots=roots) as index:
        assert index.counts()[0] == 11
        assert index.find('mine')
    assert rows(old.with_name(f'index.sqlite.v{version}.backup'), 'id, uri') == before


def test_a_newer_schema_that_is_only_in_the_wal_is_refused(path):
    """As a newer program leaves it that dies while it migrates."""
    SqliteStore(path, CONFIGURATION).close()
    program = (
        'import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1]);'
        f'db.execute("PRAGMA user_version = {SCHEMA_VERSION + 1}"); os.kill(os.getpid(), 9)'
    )
    subprocess.run([sys.executable, '-c', program, str(path)], check=False)
    assert os.path.getsize(f'{path}-wal') > 0
    for refuse in (check, SqliteStore):
        with pytest.raises(IndexFileError, match=f'version {SCHEMA_VERSION + 1}'):
            refuse(path, CONFIGURATION)


def test_an_older_index_of_other_weights_is_left_as_it_is(old, roots):
    before = contents(old.parent)
    other = replace(CONFIGURATION, model_sha256='f' * 64)
    with pytest.raises(IndexFileError, match='weights'):
        SqliteStore(old, other, roots=roots)
    assert contents(old.parent) == before


NAMED = """
    field.wav#t=600,1200 -> library/field.wav#t=600,1200
    bells/relative.wav   -> library/bells/relative.wav
    gone.wav             -> library/gone.wav
"""


@pytest.mark.parametrize('version', [2])
def test_files_below_a_folder_that_gets_a_name_are_called_by_it(old, roots, caplog):
    named = Roots(roots, {'library': roots[1]})
    SqliteStore(old, CONFIGURATION, roots=roots).close()
    with closing(sqlite3.connect(old)) as db, db:  # whose ids are made from paths elsewhere
        for number, path in rows(old, "number, source ->> '$.path'"):
            if path and rows(old, 'id')[number - 1][0] not in ('mine', 'newer'):
                part = (600.0, 1200.0) if path.endswith('/field.wav') else ()
                db.execute(
                    'UPDATE clips SET id = ?, sound = NULL WHERE number = ?',
                    (clip_id(path, *part), number),
                )
    before = dict(rows(old, 'uri, id'))
    gone, mine = before['gone.wav'], before['mine.wav']
    with SqliteStore(old, CONFIGURATION, roots=roots) as index, index.transaction() as transaction:
        for name in (gone, mine):
            transaction.put_judgement(Judgement(name, 'bell', 'right', TIME))
        query = {'like': [{'id': f'{gone}#t=0,4'}, {'words': 'bell'}], 'unlike': [{'id': mine}]}
        transaction.put_search(SavedSearch('bells', TIME, query))
    chunks = rows(old, 'number, chunk_count, tags')
    with SqliteStore(old, CONFIGURATION, roots=named) as index:
        for line in NAMED.strip().splitlines():
            was, now = line.split(' -> ')
            assert index.find(uri=was.strip()) is None
            entry = index.find(uri=now)
            assert entry.id != before[was.strip()]
            assert entry.source['path'] == now.partition('#')[0]
        source = resolve('library/bells/relative.wav', named)
        assert index.find(source.id).uri == 'library/bells/relative.wav'
        assert index.find('mine').uri == 'library/mine.wav'  # an id that a user gave stays
        assert index.find(resolve('library/mine.wav', named).id).id == 'mine'
        assert index.find(uri=UPLOAD).id == before[UPLOAD]  # an upload is not one of the library
        now = index.find(uri='library/gone.wav').id
        assert {one.clip_id for one in index.judgements(0, 9)[0]} == {now, 'mine'}
        (search,) = index.searches()
        assert search.query['like'] == [{'id': f'{now}#t=0,4'}, {'words': 'bell'}]
        assert search.query['unlike'] == [{'id': 'mine'}]
    assert rows(old, 'number, chunk_count, tags') == chunks
    copy = old.with_name('index.sqlite.unnamed.backup')
    assert dict(rows(copy, 'uri, id')) == before
    assert str(copy) in caplog.text
    copy.unlink()
    SqliteStore(old, CONFIGURATION, roots=named).close()
    assert not copy.exists()  # all have their names already


@pytest.mark.parametrize('version', [2])
def test_a_library_that_moved_is_found_by_its_name(old, roots, tmp_path):
    SqliteStore(old, CONFIGURATION, roots=Roots(roots, {'library': roots[1]})).close()
    before = rows(old, 'id, uri, source')
    elsewhere = tmp_path / 'another disk'
    roots[1].rename(elsewhere)
    moved = Roots((roots[0], elsewhere, elsewhere / 'media'), {'library': elsewhere})
    with SqliteStore(old, CONFIGURATION, roots=moved) as index:
        source = resolve('library/mine.wav', moved)
        assert source.path == elsewhere / 'mine.wav'
        assert index.find(source.id).id == 'mine'
    assert rows(old, 'id, uri, source') == before
