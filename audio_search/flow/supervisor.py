"""The Flow's processes: started, watched, replaced when one dies, and ended together."""

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Iterator
from types import FrameType
from typing import Any

from jina import Flow
from jina.excepts import PortAlreadyUsed
from jina.orchestrate.pods.factory import PodFactory

from audio_search.flow.failures import Failures
from audio_search.flow.port import PortTaken
from audio_search.logs import log

WATCH_S = 0.5
START_WATCH_S = 0.05
RESTARTS_PER_MINUTE = 5
END_S = 6.0  # for a process to finish what it does, before it is killed
START_END_S = 1.5  # for one that is still starting, which has no request to finish


class StartError(RuntimeError):
    """A process of the service that did not start; the message says which and why."""


class RestartLimit(RuntimeError):
    """Processes died faster than restarts can help; the message says which was the last and why."""


class StopRequested(KeyboardInterrupt):
    """SIGTERM or Ctrl-C. A KeyboardInterrupt, because event loops re-raise only that."""


class Supervisor:
    """Runs a Flow. As a context: starts it, and ends every process of it on the way out."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self._restarts: deque[float] = deque()
        self._handlers: dict[int, Any] = {}
        self._pid = os.getpid()
        self._stopped = False
        self._starting = False

    def __enter__(self) -> 'Supervisor':
        """Raises StartError, PortTaken or StopRequested, with no process left."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._handlers[number] = signal.signal(number, self._stop)
        self._failures = Failures()
        # Jina's own wait shows a progress bar, reports addresses that nothing answers at, and goes
        # on for minutes after a process was killed.
        self.flow._wait_until_all_ready = self._wait_until_ready
        try:
            with self._start_of_processes():
                self.flow.start()
        except PortAlreadyUsed:
            self._end()
            raise PortTaken(self.flow.host, self.flow.port) from None
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

    def _wait_until_ready(self) -> None:
        """Raises StartError as soon as one process has ended, StopRequested after a signal."""
        pods = [pods[place] for pods, place in self._places()]
        while True:
            ended = [pod for pod in pods if not pod.worker.is_alive()]
            if self._stopped:
                raise StopRequested
            if ended:
                raise StartError(self._start_failure(ended[0]))
            if all(pod.is_ready.is_set() for pod in pods):
                return
            time.sleep(START_WATCH_S)

    def _start_failure(self, ended: Any) -> str:
        # Where one fails others may follow, for want of it: the first to fail is the cause.
        process, sentence = next(iter(self._failures.read()), (_name(ended), _exit_of(ended)))
        return f'the {process} did not start: {sentence}'

    def _replace(self, pods: list[Any], place: int) -> None:
        dead = pods[place]
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > 60:
            self._restarts.popleft()
        if len(self._restarts) == RESTARTS_PER_MINUTE:
            told = [text for name, text in self._failures.read() if name == _name(dead)]
            raise RestartLimit(
                f'processes ended {RESTARTS_PER_MINUTE + 1} times within a minute, '
                f'the last time the {_name(dead)}: {told[-1] if told else _exit_of(dead)}'
            )
        self._restarts.append(now)
        log.error(
            'process ended, starting it again',
            extra={'fields': {'process': _name(dead), 'exit_code': dead.worker.exitcode}},
        )
        dead.is_shutdown.set()
        dead.close()
        with self._start_of_processes():
            pods[place] = PodFactory.build_pod(dead.args)
            pods[place].args.noblock_on_start = True
            pods[place].start()

    @contextlib.contextmanager
    def _start_of_processes(self) -> Iterator[None]:
        """Stops are acted on afterwards: Python prints and drops what is raised inside a fork.

        What Jina prints meanwhile, and later in processes that start here, is not for our users.
        """
        self._starting = True
        try:
            with open(os.devnull, 'w') as nowhere, contextlib.redirect_stdout(nowhere):
                yield
        finally:
            self._starting = False
        if self._stopped:
            raise StopRequested

    def _places(self) -> Iterator[tuple[list[Any], int]]:
        """Where the Flow keeps each of its pods (its handles of processes): a list and an index."""
        for deployment in self.flow._deployment_nodes.values():
            if deployment.gateway_pod is not None:
                yield _Attribute(deployment, 'gateway_pod'), 0
            for replicas in (deployment.shards or {}).values():
                for place in range(len(replicas._pods)):
                    yield replicas._pods, place

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._pid:  # a child that Jina has not given its own handlers yet
            os._exit(128 + number)
        self._stopped = True
        if not self._starting:
            raise StopRequested

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        pods = [pods[place] for pods, place in self._places() if pods[place].worker.pid]
        ends = [(pod.worker, END_S if pod.is_ready.is_set() else START_END_S) for pod in pods]
        begun = time.monotonic()
        for process, _ in ends:
            process.terminate()
        for process, grace_s in sorted(ends, key=lambda end: end[1]):
            process.join(max(0.0, begun + grace_s - time.monotonic()))
            if process.is_alive():
                process.kill()
        for process, _ in ends:
            process.join()
        # Otherwise Jina waits a minute for a killed process to report that it has ended.
        for pods, place in self._places():
            pods[place].is_shutdown.set()
        self.flow.close()
        self._failures.close()
        for handled, handler in self._handlers.items():
            signal.signal(handled, handler)


class _Attribute(list[Any]):
    """An attribute that holds one pod, as a list of one: executors' pods are kept in lists."""

    def __init__(self, owner: Any, name: str) -> None:
        super().__init__([getattr(owner, name)])
        self._owner, self._name = owner, name

    def __setitem__(self, place: Any, pod: Any) -> None:
        super().__setitem__(place, pod)
        setattr(self._owner, self._name, pod)


def _name(pod: Any) -> str:
    return str(pod.name).partition('/')[0]


def _exit_of(pod: Any) -> str:
    """How a process ended that could not say why."""
    code = pod.worker.exitcode
    if code is None or code >= 0:
        return f'its process ended with exit code {code}'
    number = signal.Signals(-code)
    memory = ', which is what the system does when memory runs out' * (number == signal.SIGKILL)
    return f'its process was ended by {number.name}{memory}'
