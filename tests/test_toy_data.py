from pathlib import Path

from audio_search import toy_data
from tests.running import ROOT


def test_the_toy_clips_below_the_roots_are_found_once_and_in_order(tmp_path: Path) -> None:
    copy = tmp_path / 'toy-data'
    copy.mkdir()
    for name in ('999_bell.mp3', '101_helicopter.mp3', 'notes.txt'):
        (copy / name).touch()
    assert toy_data.uris([tmp_path, tmp_path]) == [
        'toy-data/101_helicopter.mp3',
        'toy-data/999_bell.mp3',
    ]
    assert len(toy_data.uris([tmp_path, ROOT])) >= 60
    assert toy_data.uris([tmp_path / 'elsewhere']) == []


def test_a_toy_clips_label_is_in_its_name() -> None:
    assert toy_data.tags('toy-data/999_church_bell.mp3') == {'label': 'church_bell'}
