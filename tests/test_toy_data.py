from pathlib import Path

from audio_search import toy_data
from audio_search.roots import Roots
from tests.running import ROOT


def test_the_toy_clips_below_the_roots_are_found_once_and_in_order(tmp_path: Path) -> None:
    copy = tmp_path / 'toy-data'
    copy.mkdir()
    for name in ('999_bell.mp3', '101_helicopter.mp3', 'notes.txt'):
        (copy / name).touch()
    assert toy_data.uris(Roots((tmp_path, tmp_path))) == [
        'toy-data/101_helicopter.mp3',
        'toy-data/999_bell.mp3',
    ]
    assert len(toy_data.uris(Roots((tmp_path, ROOT)))) >= 60
    assert toy_data.uris(Roots((tmp_path / 'elsewhere',))) == []


def test_toy_clips_are_called_by_the_name_of_their_folder(tmp_path: Path) -> None:
    """As the index calls them, so that the page knows which are there."""
    (tmp_path / 'toy-data').mkdir()
    (tmp_path / 'toy-data' / '999_bell.mp3').touch()
    assert toy_data.uris(Roots((tmp_path,), {'mine': tmp_path})) == ['mine/toy-data/999_bell.mp3']


def test_a_toy_clips_label_is_in_its_name() -> None:
    assert toy_data.tags('toy-data/999_church_bell.mp3') == {'label': 'church_bell'}
