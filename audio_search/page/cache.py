"""The folder in which Gradio keeps uploads until they are searched with or indexed."""

import shutil
import threading
import time
from pathlib import Path

from audio_search.process import set_environment

KEPT_S = 3600.0  # so long a search with an upload can be repeated with other options
SWEEP_S = 600.0


def open_cache(folder: Path) -> None:
    """Make Gradio keep uploads in `folder`, which is emptied of what an earlier run left.

    A thread removes files older than KEPT_S as long as the process runs.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    set_environment({'GRADIO_TEMP_DIR': str(folder)})
    threading.Thread(target=_sweep_always, args=(folder,), name='page-cache', daemon=True).start()


def sweep(folder: Path, older_than_s: float) -> None:
    """Remove old files, and the folders that are empty then.

    Gradio has a sweep too, but it leaves behind the empty files that it makes for each upload.
    """
    oldest = time.time() - older_than_s
    for path in sorted(folder.rglob('*'), reverse=True):
        try:
            if path.is_dir():
                path.rmdir()
            elif path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:  # the folder is not empty, or the file was removed meanwhile
            continue


def _sweep_always(folder: Path) -> None:
    while True:
        time.sleep(SWEEP_S)
        sweep(folder, KEPT_S)
