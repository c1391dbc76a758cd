"""Which files are found below folders, on a real file system."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.audio import decoding
from audio_search.audio.formats import is_sound
from audio_search.folders.files import NoFiles, SoundFile, expand, find, listed, named


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b'x')


def names(folder: Path, *paths: str) -> list[str]:
    return [os.path.relpath(file.name, folder) for file in find(expand(paths or [str(folder)]))]


def test_sounds_come_sorted_folder_by_folder_without_what_is_hidden(tmp_path: Path) -> None:
    make(tmp_path, 'b/2.wav', 'b/10.WAV', 'a/x/1.mp3', 'z.ogg', 'a/1.txt', '.git/1.wav', '.1.wav')
    assert names(tmp_path) == ['z.ogg', 'a/x/1.mp3', 'b/10.WAV', 'b/2.wav']


def test_paths_that_overlap_and_patterns_give_each_file_once(tmp_path: Path) -> None:
    make(tmp_path, 'a/1.wav', 'a/b/2.wav', 'c/3.wav', 'c/[4].wav')
    both = [str(tmp_path / 'a'), str(tmp_path / 'a' / 'b'), str(tmp_path / 'a' / '1.wav')]
    assert names(tmp_path, *both) == ['a/1.wav', 'a/b/2.wav']
    assert names(tmp_path, str(tmp_path / '**' / '*.wav')) == [
        'a/1.wav', 'a/b/2.wav', 'c/3.wav', 'c/[4].wav',
    ]  # fmt: skip
    assert names(tmp_path, str(tmp_path / 'c' / '[4].wav')) == ['c/[4].wav']


@pytest.mark.parametrize('path', ['nowhere', '*.nothing'])
def test_what_is_not_there_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(NoFiles, match='case-sensitive'):
        expand([str(tmp_path / path)])


def test_links_are_followed_once(tmp_path: Path) -> None:
    make(tmp_path, 'a/1.wav')
    (tmp_path / 'a' / 'up').symlink_to(tmp_path)
    (tmp_path / 'b.wav').symlink_to(tmp_path / 'a' / '1.wav')
    found = list(find([str(tmp_path)]))
    real = str((tmp_path / 'a' / '1.wav').resolve())
    assert [file.path for file in found] == [real, real]
    assert [os.path.relpath(file.name, tmp_path) for file in found] == ['b.wav', 'a/1.wav']


def test_a_folder_that_cannot_be_read_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    make(tmp_path, '0.wav', 'a/1.wav', 'b/2.wav')
    told: list[str] = []
    walk = find([str(tmp_path)], lambda folder, why: told.append(folder))
    assert next(walk).name == str(tmp_path / '0.wav')
    shutil.rmtree(tmp_path / 'a')  # while the walk is under way
    assert [file.name for file in walk] == [str(tmp_path / 'b' / '2.wav')]
    assert told == [str(tmp_path / 'a')]


def test_lists_name_files_parts_and_folders(tmp_path: Path) -> None:
    make(tmp_path, 'a/1.wav', '2.data', 'odd#t=1,2')
    lines = [f'{tmp_path}/a\n', '\n', f'{tmp_path}/2.data\r\n', f'{tmp_path}/2.data#t=1,2.5\n']
    found = list(listed([*lines, f'{tmp_path}/odd#t=1,2']))
    assert [file.uri for file in found] == [
        f'{tmp_path}/a/1.wav', f'{tmp_path}/2.data', f'{tmp_path}/2.data#t=1,2.5',
        f'{tmp_path}/odd#t=1,2',
    ]  # fmt: skip
    assert [file.part for file in found] == ['', '', '#t=1,2.5', '']
    assert named('x.wav') == SoundFile(
        f'{os.getcwd()}/x.wav', f'{os.getcwd()}/x.wav', os.getcwd(), ''
    )


@pytest.mark.parametrize('suffix', ['wav', 'flac', 'ogg', 'opus', 'mp3', 'aiff', 'caf', 'au'])
def test_names_that_are_looked_for_are_those_the_decoder_takes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'tone.{suffix}'
    kind = {'opus': {'format': 'OGG', 'subtype': 'OPUS'}}.get(suffix, {})
    soundfile.write(path, 0.5 * np.sin(np.arange(16000) / 5), 16000, **kind)
    assert is_sound(path.name)
    assert is_sound(path.name.upper())
    assert len(decoding.load(path)) >= 15000
    assert not is_sound(f'{path.name}.txt')
    assert not is_sound(suffix)
