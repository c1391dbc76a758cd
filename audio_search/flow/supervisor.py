"""The Flow's processes: started, watched, replaced when one dies, and ended together."""

import contextlib
import io
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from types import FrameType
from typing import Any

from jina import Flow
from jina.excepts import RuntimeFailToStart, RuntimeRunForeverEarlyError
from jina.orchestrate.pods.factory import PodFactory

from audio_search.logs import log

WATCH_S = 0.5
RESTARTS_PER_MINUTE = 5
END_S = 6.0  # for a process to finish what it does, before it is killed


class StartError(RuntimeError):
    """A part of the service that did not start; the message names it."""


class RestartLimit(RuntimeError):
    """Processes died faster than they are worth restarting; the message names the last."""


class StopRequested(KeyboardInterrupt):
    """SIGTERM or Ctrl-C arrived. Of that kind so that event loops let it through."""


class Supervisor:
    """Runs a Flow. As a context: starts it, and ends every process of it on the way out."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._restarts: deque[float] = deque()
        self._handlers: dict[int, Any] = {}
        self._pid = os.getpid()
        self._stopped = False

    def __enter__(self) -> 'Supervisor':
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._stop)
        try:
            # Jina's own panels name addresses that nothing answers at.
            with contextlib.redirect_stdout(io.StringIO()):
                self.flow.start()
            if self._stopped:  # and something on the way caught it
                raise StopRequested
        except (RuntimeFailToStart, RuntimeRunForeverEarlyError):
            dead = [name for name, process in self._processes() if not process.is_alive()]
            self._end()
            raise StartError(
                f'the {" and the ".join(dead) or "service"} did not start; its lines above say why'
            ) from None
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def watch(self) -> None:
        """Replace processes that die, until StopRequested.

        Raises RestartLimit after too many within a minute.
        """
        while True:
            time.sleep(WATCH_S)
            for pods, place in self._places():
                if not pods[place].worker.is_alive():
                    self._replace(pods, place)

    def _replace(self, pods: list[Any], place: int) -> None:
        dead = pods[place]
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > 60:
            self._restarts.popleft()
        if len(self._restarts) == RESTARTS_PER_MINUTE:
            raise RestartLimit(
                f'the {_name(dead)} ended {RESTARTS_PER_MINUTE + 1} times within a minute; '
                'the lines above say why'
            )
        self._restarts.append(now)
        log.error(
            'process ended, starting it again',
            extra={'fields': {'process': _name(dead), 'exit_code': dead.worker.exitcode}},
        )
        dead.is_shutdown.set()
        dead.close()
        pods[place] = PodFactory.build_pod(dead.args)
        pods[place].args.noblock_on_start = True
        pods[place].start()

    def _places(self) -> Iterator[tuple[list[Any], int]]:
        """Where the Flow keeps each of its pods: a list and a place in it."""
        for deployment in self.flow._deployment_nodes.values():
            if deployment.gateway_pod is not None:
                yield _Attribute(deployment, 'gateway_pod'), 0
            for replicas in (deployment.shards or {}).values():
                for place in range(len(replicas._pods)):
                    yield replicas._pods, place

    def _processes(self) -> list[tuple[str, multiprocessing.Process]]:
        pods = [pods[place] for pods, place in self._places()]
        return [(_name(pod), pod.worker) for pod in pods if pod.worker.pid]

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:  # a child that Jina has not given its own handlers yet
            os._exit(128 + number)
        self._stopped = True
        raise StopRequested

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        processes = [process for _, process in self._processes()]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + END_S
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for process in processes:
            if process.is_alive():
                process.kill()
                process.join()
        # Jina waits a minute for the word of a process that was killed.
        for pods, place in self._places():
            pods[place].is_shutdown.set()
        self.flow.close()
        for handled, handler in self._handlers.items():
            signal.signal(handled, handler)


class _Attribute(list[Any]):
    """An attribute that holds one pod, as a list of one, like those of the executors."""

    def __init__(self, owner: Any, name: str) -> None:
        super().__init__([getattr(owner, name)])
        self._owner, self._name = owner, name

    def __setitem__(self, place: Any, pod: Any) -> None:
        super().__setitem__(place, pod)
        setattr(self._owner, self._name, pod)


def _name(pod: Any) -> str:
    return str(pod.name).partition('/')[0]
