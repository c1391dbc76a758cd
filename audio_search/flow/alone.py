"""One executor of a Flow by itself, in this process, for Flows that name it by its address."""

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import jina.serve.executors.run
from jina import Flow

from audio_search.flow import failures
from audio_search.settings import SettingsError


def run(flow: Flow, name: str, host: str, port: int, tell_ready: Callable[[], None]) -> None:
    """Serve the executor of this name, as flow.yml has it, at host:port until SIGTERM or Ctrl-C.

    This is what `jina executor` does, without saying again what flow.yml says. It listens, and
    `tell_ready` is called, when it is built: its model is loaded, its index open. Raises
    SettingsError where the Flow has no such executor, or has it elsewhere; SystemExit, with a
    sentence printed, where it cannot be built.
    """
    found = next((one for called, one in flow if called == name and not one.external), None)
    if found is None:
        known = ', '.join(called for called, one in flow if not one.external)
        raise SettingsError(
            f'{name} is no executor that can be run from this Flow; '
            + (f'it has {known}' if known else 'it has all of them elsewhere: take flow.yml')
        )
    found.update_pod_args()
    arguments = found.pod_args['pods'][0][0]
    arguments.name = name
    arguments.host = host
    arguments.port = [port]
    arguments.replicas = 1
    failures.install()
    events: dict[str, Any] = {
        f'is_{event}': multiprocessing.Event()
        for event in ('started', 'ready', 'shutdown', 'signal_handlers_installed')
    }
    threading.Thread(target=_wait, args=(events['is_ready'], tell_ready), daemon=True).start()
    jina.serve.executors.run.run(
        args=arguments, name=name, runtime_cls='WorkerRuntime', envs={}, **events
    )


def _wait(ready: Any, then: Callable[[], None]) -> None:
    ready.wait()
    then()
