"""Processes that end when the one that started them does."""

import multiprocessing
import os
import signal
import threading
import time

POLL_S = 1.0
GRACE_S = 5.0


def end_with_parent() -> None:
    """In a process that multiprocessing started: end it soon after its parent is gone.

    A parent that is killed cannot tell its children, which would go on holding the port and the
    index. Watching the parent's id works on every system, in whichever thread started the child.
    Ctrl-C reaches every process of the terminal; only the parent acts on it, and ends its children.
    In the main process this does nothing.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(
        target=_end_after, args=(parent.pid,), name='end-with-parent', daemon=True
    ).start()


def _end_after(parent_pid: int | None) -> None:
    while os.getppid() == parent_pid:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
