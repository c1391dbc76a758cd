"""Where Gradio puts what browsers send, until it is searched with or indexed."""

import os
import shutil
import threading
import time
from pathlib import Path

KEPT_S = 3600.0  # so that a search can be repeated with other options
SWEEP_S = 600.0


def open_cache(folder: Path) -> None:
    """Make the folder, without what an earlier run left there, and have Gradio use it.

    What is older than an hour is removed from it as long as the process runs.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ['GRADIO_TEMP_DIR'] = str(folder)  # Gradio knows no other way to be told
    threading.Thread(target=_sweep_always, args=(folder,), name='page-cache', daemon=True).start()


def sweep(folder: Path, older_than_s: float) -> None:
    """Remove old files, and the folders that are empty then.

    Gradio's own sweep leaves the empty files behind that it makes for each upload.
    """
    oldest = time.time() - older_than_s
    for path in sorted(folder.rglob('*'), reverse=True):
        try:
            if path.is_dir():
                path.rmdir()
            elif path.stat().st_mtime < oldest:
                path.unlink()
        except OSError:  # a folder that is not empty, or a file that another removed
            continue


def _sweep_always(folder: Path) -> None:
    while True:
        time.sleep(SWEEP_S)
        sweep(folder, KEPT_S)
