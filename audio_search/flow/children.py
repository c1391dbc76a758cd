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

    A killed parent cannot tell its children, which would go on holding the port and the index. So
    each child polls its parent's id: Linux's own signal for that, PR_SET_PDEATHSIG, is sent when
    the thread that started the child ends, and other systems have none. Ctrl-C is sent to every
    process of the terminal; children ignore it, because the parent ends them in order. In the main
    process this does nothing.
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
