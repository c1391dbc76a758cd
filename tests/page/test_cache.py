import os
import time
from pathlib import Path

from audio_search.page.cache import open_cache, sweep


def test_old_files_go_and_new_ones_stay(tmp_path: Path) -> None:
    old, new = tmp_path / 'a' / 'old.wav', tmp_path / 'b' / 'new.wav'
    for path in (old, new, tmp_path / 'tmp_empty'):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    hour_ago = time.time() - 3700
    for path in (old, tmp_path / 'tmp_empty'):
        os.utime(path, (hour_ago, hour_ago))
    sweep(tmp_path, 3600)
    assert sorted(path.name for path in tmp_path.rglob('*')) == ['b', 'new.wav']


def test_what_an_earlier_run_left_is_removed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv('GRADIO_TEMP_DIR', 'elsewhere')
    folder = tmp_path / 'workspace' / 'page'
    folder.mkdir(parents=True)
    (folder / 'left.wav').touch()
    open_cache(folder)
    assert folder.is_dir()
    assert not list(folder.iterdir())
    assert os.environ['GRADIO_TEMP_DIR'] == str(folder)
