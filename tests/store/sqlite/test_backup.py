"""Backups of an index and its uploaded sounds, and what comes back from them."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from audio_search.store import IndexFileError
from audio_search.store.judgements import Judgement, SavedSearch
from audio_search.store.sqlite import SqliteStore, backup, check, restore
from audio_search.store.sqlite.copying import copy_database
from audio_search.store.sqlite.schema import SCHEMA_VERSION
from tests.store.clips import CONFIGURATION, clip, put, stored_ids
from tests.store.sqlite.files import contents, file_size_limit

TIME = '2026-11-29T09:00:00.000Z'
JUDGEMENT = Judgement('b', 'bell', 'right', TIME, part=(1.0, 2.0), by='Ann')
SEARCH = SavedSearch('bells', TIME, {'label': 'bell'})


@pytest.fixture
def media(path: Path) -> Path:
    return path.parent / 'media'


def upload(media: Path, content: bytes, name: str = 'sound.wav') -> str:
    """The uri of a sound that is kept as `service.uploads` keeps it."""
    uri = f'{hashlib.sha256(content).hexdigest()[:32]}/{name}'
    (media / uri).parent.mkdir(parents=True, exist_ok=True)
    (media / uri).write_bytes(content)
    return uri


@pytest.fixture
def made(path: Path, media: Path, tmp_path: Path) -> Path:
    """A backup of two uploaded sounds, one of them cut, and a clip that is a file elsewhere."""
    first, second = upload(media, b'first' * 1000), upload(media, b'second' * 9000, 'zwölf ♪.wav')
    upload(media, b'of no clip')
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a', uri=first), clip('b', uri=f'{second}#t=1,2'), clip('c', 40))
        with index.transaction() as transaction:
            transaction.put_judgement(JUDGEMENT)
            transaction.put_search(SEARCH)
    answer = backup(path, media, tmp_path / 'backup.tar')
    assert (answer.sounds, answer.warnings) == (2, ())
    return tmp_path / 'backup.tar'


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """An index that is not there, in another workspace."""
    return tmp_path / 'other' / 'index.sqlite'


def restore_to(index: Path, source: Path, **kwargs):
    return restore(source, index, index.parent / 'media', **kwargs)


def assert_refused(source: Path, index: Path, *named: str, **kwargs) -> None:
    """In one sentence, and nothing changed but for the file of the lock."""
    before = contents(index.parent)
    with pytest.raises(IndexFileError) as refused:
        restore_to(index, source, **kwargs)
    for name in named:
        assert name in str(refused.value)
    assert '\n' not in str(refused.value)
    assert contents(index.parent) | {'index.sqlite.lock': ''} == before | {'index.sqlite.lock': ''}


def test_index_and_uploaded_sounds_come_back(made, path, media, other):
    answer = restore_to(other, made)
    assert (answer.sounds, answer.moved_to) == (2, None)
    after = contents(other.parent / 'media')
    assert len(after) == 2
    assert after.items() <= contents(media).items()
    with SqliteStore(other, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c']
        assert index.counts()[1] == 48
        assert index.judgements(0, 9) == ([JUDGEMENT], 1)
        assert index.searches() == [SEARCH]
        for name in 'ab':
            uri = index.find(name).uri.partition('#')[0]
            assert (other.parent / 'media' / uri).is_file()
    assert sorted(path.name for path in other.parent.iterdir()) == [
        'index.sqlite', 'index.sqlite.lock', 'media',
    ]  # fmt: skip


def test_any_tar_program_unpacks_it(made, tmp_path):
    subprocess.run(['tar', '-xf', str(made), '-C', str(tmp_path)], check=True)
    names = {str(p.relative_to(tmp_path)) for p in (tmp_path / 'media').rglob('*.wav')}
    assert len(names) == 2
    with SqliteStore(tmp_path / 'index.sqlite', CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c']


def test_a_backup_made_while_clips_are_stored_is_one_moment(index, path, media, tmp_path):
    """Pairs are stored together, so it has both of a pair or none; the first ones it has."""
    put(index, *(clip(f'{i}', 50) for i in range(400)))
    stop = threading.Event()
    stored = 0

    def store() -> None:
        nonlocal stored
        while not stop.is_set():
            put(index, clip(f'left {stored}', 20), clip(f'right {stored}', 20))
            stored += 1

    thread = threading.Thread(target=store)
    thread.start()
    at_least = []
    for i in range(4):
        at_least.append(stored)
        backup(path, media, tmp_path / f'{i}.tar')
    stop.set()
    thread.join()
    assert stored > 4
    for i in range(4):
        restore_to(tmp_path / f'{i}' / 'index.sqlite', tmp_path / f'{i}.tar')
        with SqliteStore(tmp_path / f'{i}' / 'index.sqlite', CONFIGURATION) as copy:
            names = stored_ids(copy)[400:]
            pairs = len(names) // 2
            assert names == [f'{side} {n}' for n in range(pairs) for side in ('left', 'right')]
            assert at_least[i] <= pairs <= stored
            assert copy.counts()[1] == 400 * 50 + pairs * 40


def test_a_missing_sound_is_named_and_the_rest_goes_on(path, media, tmp_path, other):
    there, gone = upload(media, b'there'), upload(media, b'gone', 'gone.wav')
    elsewhere = tmp_path / 'root' / ('0' * 32) / 'file.wav'
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(b'x')
    file = clip('file', uri=f'{"0" * 32}/file.wav')  # of a folder that only looks like an upload's
    file.source = {'path': str(elsewhere)}
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a', uri=there), clip('b', uri=gone), file)
    (media / gone).unlink()
    answer = backup(path, media, tmp_path / 'backup.tar')
    assert answer.sounds == 1
    (warning,) = answer.warnings
    assert gone in warning
    assert '\n' not in warning
    restore_to(other, tmp_path / 'backup.tar')
    with SqliteStore(other, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'file']


def test_a_backup_is_one_file(made, tmp_path):
    assert sorted(os.listdir(tmp_path)) == ['backup.tar', 'workspace']


def test_no_file_is_overwritten(index, path, media, tmp_path):
    target = tmp_path / 'precious'
    target.write_text('precious')
    with pytest.raises(IndexFileError, match='exists already'):
        backup(path, media, target)
    assert target.read_text() == 'precious'
    with pytest.raises(IndexFileError, match='exists already'):
        backup(path, media, path)


def test_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(IndexFileError, match='no index'):
        backup(tmp_path / 'none.sqlite', tmp_path, tmp_path / 'copy.tar')
    (tmp_path / 'other').write_text('x' * 200)
    with pytest.raises(IndexFileError, match='not an index'):
        backup(tmp_path / 'other', tmp_path, tmp_path / 'copy.tar')
    assert os.listdir(tmp_path) == ['other']


def test_a_backup_that_fails_leaves_nothing(index, path, media, tmp_path):
    put(index, clip('a', 50_000))
    before = list(contents(tmp_path))
    with file_size_limit(300_000), pytest.raises(IndexFileError, match='cannot be written'):
        backup(path, media, tmp_path / 'copy.tar')
    with pytest.raises(IndexFileError, match='cannot be written'):
        backup(path, media, tmp_path / 'no such folder' / 'copy.tar')
    assert list(contents(tmp_path)) == before


def test_what_is_there_is_kept_unless_asked_and_then_moved_aside(made, path, media):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('later'))
    assert_refused(made, path, str(path), 'already')
    before = contents(path.parent)
    for name in ('before-restore', 'before-restore-2'):
        answer = restore_to(path, made, replace=True)
        assert answer.moved_to == path.parent / name
        with SqliteStore(path, CONFIGURATION) as index:
            assert stored_ids(index) == ['a', 'b', 'c']
    moved = contents(path.parent / 'before-restore')
    assert moved | {'index.sqlite.lock': ''} == before | {'index.sqlite.lock': ''}
    with SqliteStore(path.parent / 'before-restore' / 'index.sqlite', CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c', 'later']
    assert len(contents(media)) == 2


def test_sounds_alone_are_not_replaced_unasked(made, other):
    upload(other.parent / 'media', b'of another index')
    assert_refused(made, other, 'media', 'already')


def test_a_wal_never_lies_beside_an_index_that_is_not_its_own(made, path, media):
    """A service was killed: what it acknowledged last is only in its WAL."""
    program = (
        'import os, sys; from pathlib import Path;'
        'from audio_search.store.sqlite import SqliteStore;'
        'from tests.store.clips import CONFIGURATION, clip, put;'
        'put(SqliteStore(Path(sys.argv[1]), CONFIGURATION), clip("last"));'
        'os.kill(os.getpid(), 9)'
    )
    subprocess.run([sys.executable, '-c', program, str(path)], check=False)
    assert os.path.getsize(f'{path}-wal') > 0
    answer = restore_to(path, made, replace=True)
    with SqliteStore(path, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c']
    with SqliteStore(answer.moved_to / path.name, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c', 'last']


def test_a_service_in_the_way(made, other):
    with SqliteStore(other, CONFIGURATION), pytest.raises(IndexFileError, match='in use'):
        restore_to(other, made, replace=True)


def members(archive: Path) -> dict[str, tuple[int, int]]:
    """Where the content of each member begins and ends in the file."""
    with tarfile.open(archive) as tar:
        return {one.name: (one.offset_data, one.offset_data + one.size) for one in tar}


@pytest.mark.parametrize('kind', ['index.sqlite', 'media', 'manifest.json'])
def test_an_altered_backup_names_the_member(made, other, kind):
    name = next(name for name in members(made) if name.startswith(kind))
    start, end = members(made)[name]
    content = bytearray(made.read_bytes())
    content[(start + end) // 2] ^= 0xFF
    made.write_bytes(content)
    # In the manifest it is what is said of a member, or the manifest itself.
    assert_refused(made, other, str(made), name if kind != 'manifest.json' else 'altered')


@pytest.mark.parametrize('place', ['middle', 'end', 'header'])
def test_a_cut_backup_names_the_member(made, other, place):
    places = members(made)
    name = next(name for name in places if name.startswith('media'))
    start, end = places[name]
    os.truncate(made, {'middle': (start + end) // 2, 'end': end, 'header': start - 100}[place])
    assert_refused(made, other, str(made), 'index.sqlite' if place == 'header' else name)


def test_a_backup_with_a_member_too_few_or_too_many(made, other, tmp_path):
    name = next(name for name in members(made) if name.startswith('media'))
    fewer, more = tmp_path / 'fewer.tar', tmp_path / 'more.tar'
    with tarfile.open(made) as tar, tarfile.open(fewer, 'w') as without:
        for one in tar:
            if one.name != name:
                without.addfile(one, tar.extractfile(one))
    assert_refused(fewer, other, name, 'missing')
    for extra in ('media/../../outside.wav', '/etc/outside', f'media/{"0" * 32}/..', 'other.txt'):
        shutil.copy(made, more)
        with tarfile.open(more, 'a') as tar:
            info = tarfile.TarInfo(extra)
            info.size = 3
            tar.addfile(info, io.BytesIO(b'abc'))
        assert_refused(more, other, repr(extra))
    assert not (tmp_path / 'outside.wav').exists()


def test_no_room_to_restore(made, other):
    with file_size_limit(20_000):
        assert_refused(made, other, 'make room', 'nothing was changed')
    restore_to(other, made)


def test_what_is_no_backup(tmp_path, other):
    with pytest.raises(IndexFileError, match='cannot be read'):
        restore_to(other, tmp_path / 'nothing')
    for content in (b'', b'text' * 1000):
        (tmp_path / 'file').write_bytes(content)
        with pytest.raises(IndexFileError, match='cannot be restored'):
            restore_to(other, tmp_path / 'file')


def test_an_index_of_a_newer_program_in_a_backup(path, media, other, tmp_path):
    SqliteStore(path, CONFIGURATION).close()
    copy_database(path, tmp_path / 'newer.sqlite')
    with closing(sqlite3.connect(tmp_path / 'newer.sqlite')) as db:
        db.execute(f'PRAGMA user_version = {SCHEMA_VERSION + 1}')
    assert_refused(tmp_path / 'newer.sqlite', other, f'version {SCHEMA_VERSION + 1}')
    with tarfile.open(tmp_path / 'newer.tar', 'w') as tar:
        tar.add(tmp_path / 'newer.sqlite', 'index.sqlite')
        content = (tmp_path / 'newer.sqlite').read_bytes()
        member = {'size': len(content), 'sha256': hashlib.sha256(content).hexdigest()}
        manifest = json.dumps({'format': 1, 'members': {'index.sqlite': member}}).encode()
        info = tarfile.TarInfo('manifest.json')
        info.size = len(manifest)
        tar.addfile(info, io.BytesIO(manifest))
    assert_refused(tmp_path / 'newer.tar', other, 'its index', f'version {SCHEMA_VERSION + 1}')


def test_a_plain_copy_of_an_index_is_restored_and_leaves_the_sounds(made, path, media, tmp_path):
    """As older programs made backups: one SQLite file."""
    plain = tmp_path / 'plain.sqlite'
    copy_database(path, plain)
    sounds = contents(media)
    with SqliteStore(path, CONFIGURATION) as index:
        index.clear()
    assert_refused(plain, path, 'already')
    answer = restore_to(path, plain, replace=True)
    assert answer.sounds == 0
    assert contents(media) == sounds
    with SqliteStore(path, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c']


def test_an_index_that_was_copied_as_a_file_is_restored(path, other, tmp_path):
    """With its WAL if there is one; beside the copy nothing is written."""
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, clip('a'))
        shutil.copytree(path.parent, tmp_path / 'hot')
    shutil.copytree(path.parent, tmp_path / 'cold')
    before = contents(tmp_path / 'cold')
    for folder in ('hot', 'cold'):
        restore_to(other, tmp_path / folder / 'index.sqlite', replace=True)
        with SqliteStore(other, CONFIGURATION) as index:
            assert stored_ids(index) == ['a']
    assert contents(tmp_path / 'cold') == before


def test_a_restore_that_was_interrupted_can_be_done_again(made, path):
    """When the former index was moved aside and the new one was not there yet."""
    path.with_name('file').write_text('')
    with pytest.raises(IndexFileError, match='before-restore'):
        restore(made, path, path.parent / 'file' / 'media', replace=True)
    assert not path.exists()
    shutil.rmtree(path.parent / 'media')
    restore_to(path, made)
    with SqliteStore(path, CONFIGURATION) as index:
        assert stored_ids(index) == ['a', 'b', 'c']


def test_a_damaged_plain_copy(path, other, tmp_path):
    with SqliteStore(path, CONFIGURATION) as index:
        put(index, *(clip(f'{i}', 40) for i in range(500)))
    plain = tmp_path / 'plain.sqlite'
    copy_database(path, plain)
    with plain.open('r+b') as file:
        file.seek(plain.stat().st_size // 2)
        file.write(b'\xff' * 100_000)
    assert_refused(plain, other, str(plain), 'damaged')


def test_a_copy_that_is_opened_is_written_while_others_read(index, path, tmp_path):
    put(index, clip('a'))
    copy_database(path, tmp_path / 'copy.sqlite')
    with SqliteStore(tmp_path / 'copy.sqlite', CONFIGURATION) as copy:
        with closing(sqlite3.connect(copy.path)) as reader:
            reader.execute('BEGIN')
            assert reader.execute('SELECT count(*) FROM clips').fetchone() == (1,)
            put(copy, clip('b'))
        assert copy.counts()[0] == 2


def test_a_copy_of_which_a_writer_died_is_as_it_was_before(index, path, tmp_path):
    put(index, *(clip(f'{i}', 50) for i in range(200)))
    copy = tmp_path / 'copies' / 'copy.sqlite'
    copy.parent.mkdir()
    copy_database(path, copy)
    program = (
        'import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);'
        'db.execute("PRAGMA cache_size = 1"); db.execute("BEGIN");'
        'db.execute("UPDATE clips SET tags = ?", ["x" * 9999]); os.kill(os.getpid(), 9)'
    )
    subprocess.run([sys.executable, '-c', program, str(copy)], check=False)
    assert (copy.parent / 'copy.sqlite-journal').exists()
    check(copy, CONFIGURATION)
    with SqliteStore(copy, CONFIGURATION) as opened:
        assert [entry.tags for entry in opened.page(0, 300)[0]] == [
            {'name': f'{i}'} for i in range(200)
        ]
