"""An HTTP client of a running service: errors in a sentence, and patience while it restarts.

Imports neither jina nor docarray, so that a command which only asks is quick.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from audio_search.address import is_loopback

WAIT_S = 120.0  # for a service that does not answer, or has no place: its model loads in seconds
FIRST_PAUSE_S = 0.25
MAX_PAUSE_S = 5.0
CONNECT_S = 5.0
ANSWER_S = 1200.0  # longer than a service with its defaults lets a request take
# A service takes as long as it takes for a long recording, and gives up by itself where it gets no
# farther.
INDEXING = httpx.Timeout(None, connect=CONNECT_S)
PAGE_CLIPS = 1000

Clip = dict[str, Any]


class Refused(Exception):
    """The service answered, but not with what was asked for; the message is its sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class NoService(Exception):
    """Nothing that could be asked answers at the address."""


class Client:
    """Asks the service at `url`. Any thread may ask.

    A service that is restarting or busy is waited for, `wait_s` at the most; `say` is told when
    that begins and when it is over. Methods raise Refused, and NoService after that time.
    """

    def __init__(
        self,
        url: str,
        token: str = '',
        *,
        wait_s: float = WAIT_S,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """Raises ValueError for what is no address."""
        parts = urlsplit(url)
        if parts.scheme not in ('http', 'https') or not parts.hostname:
            raise ValueError(f'{url!r} is not an address; write http://HOST:PORT')
        self.url = url.rstrip('/')
        self.is_local = is_loopback(parts.hostname)
        self._wait_s = wait_s
        self._say = say
        self._waiting = threading.Lock()
        self._is_waiting = False
        self._is_closed = False
        self._http = httpx.Client(
            base_url=self.url,
            headers={'Authorization': f'Bearer {token}'} if token else {},
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S),
            trust_env=not self.is_local,  # no proxy knows the way to this machine
            verify=parts.scheme == 'https',  # loading certificates takes longer than an answer
        )

    def __enter__(self) -> 'Client':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ask no more, and wait for nothing: requests of other threads that are under way fail."""
        self._is_closed = True
        self._http.close()

    def answers(self) -> bool:
        """Whether a service is there now. Raises NoService where something else is."""
        try:
            response = self._http.get('/health/live', timeout=CONNECT_S)
        except httpx.TransportError:
            return False
        # A proxy before a service that is starting says so with a 5xx.
        if response.status_code < 500 and not _is_alive(response):
            raise NoService(f'what answers at {self.url} is not this service; check the address')
        return True

    def wait_until_ready(self) -> None:
        """Return when the model is loaded and the index open."""
        self._ask('GET', '/health/ready')

    def status(self) -> dict[str, Any]:
        return dict(self._ask('GET', '/status'))

    def index(self, clips: Sequence[Clip]) -> list[Clip]:
        """What became of each clip ({"uri", "tags"}), in order; see POST /index."""
        body = {'data': list(clips), 'parameters': {}}
        return list(self._ask('POST', '/index', json=body, timeout=INDEXING)['data'])

    def known(self, clips: Sequence[Clip]) -> list[Clip]:
        """What is stored of each clip ({"uri"} or {"id"}), in order; see POST /clips/known."""
        return self._data('/clips/known', clips)

    def search(self, query: Clip, parameters: dict[str, Any]) -> Clip:
        """The query with its matches; see POST /search."""
        return self.searches([query], parameters)[0]

    def searches(self, queries: Sequence[Clip], parameters: dict[str, Any]) -> list[Clip]:
        """Each query with its matches, in order."""
        return self._data('/search', queries, parameters)

    def search_file(self, path: Path, parameters: dict[str, Any]) -> Clip:
        """The same for a file that is sent along. Raises OSError where it cannot be read."""
        content = path.read_bytes()
        form = {'parameters': json.dumps(parameters)}
        files = {'files': (path.name, content)}
        return dict(self._ask('POST', '/search/upload', data=form, files=files)['data'][0])

    def words(self, like: str | None = None) -> list[dict[str, Any]]:
        """Which sounds can be searched for by words; see GET /words."""
        asked = {} if like is None else {'like': like}
        return list(self._ask('GET', '/words', params=asked)['words'])

    def update(self, clips: Sequence[Clip]) -> list[Clip]:
        """Replace tags; see POST /update."""
        return self._data('/update', clips)

    def delete(self, clips: Sequence[Clip], **chosen: Any) -> list[Clip]:
        """Forget clips, those named or those `chosen` by ids, filter and prefix; see /delete."""
        return self._data('/delete', clips, chosen)

    def clips(self, offset: int = 0, limit: int | None = None, **chosen: Any) -> 'Clips':
        """Stored clips from number `offset` on, at most `limit`; see GET /clips for `chosen`."""
        return Clips(self, offset, limit, chosen)

    def page(self, offset: int, limit: int, chosen: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in chosen.items() if value is not None}
        return dict(self._ask('GET', '/clips', params={'offset': offset, 'limit': limit, **given}))

    def judge(self, judgements: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What became of each; see POST /judgements."""
        return self._data('/judgements', judgements)

    def judgements(
        self, offset: int = 0, limit: int | None = None, **chosen: Any
    ) -> tuple[list[dict[str, Any]], int]:
        """What was judged from number `offset` on, at most `limit`, and how many there are; see
        GET /judgements for `chosen`."""
        asked = {name: value for name, value in chosen.items() if value is not None}
        found: list[dict[str, Any]] = []
        while True:
            left = PAGE_CLIPS if limit is None else min(limit - len(found), PAGE_CLIPS)
            place = {'offset': offset + len(found), 'limit': max(left, 1)}
            page = self._ask('GET', '/judgements', params=asked | place)
            found += page['judgements'][:left]
            if not page['judgements'] or len(found) in (limit, page['total'] - offset):
                return found, page['total']

    def saved_searches(self) -> list[dict[str, Any]]:
        """See GET /searches."""
        return list(self._ask('GET', '/searches')['searches'])

    def save_search(self, name: str, search: dict[str, Any]) -> dict[str, Any]:
        """Save it in the place of any with its name; see PUT /searches."""
        return dict(self._ask('PUT', f'/searches/{quote(name, safe="")}', json=search))

    def delete_search(self, name: str) -> dict[str, Any]:
        """Forget it; what it was."""
        return dict(self._ask('DELETE', f'/searches/{quote(name, safe="")}'))

    def _data(
        self, path: str, clips: Sequence[Clip], parameters: dict[str, Any] | None = None
    ) -> list[Clip]:
        body = {'data': list(clips), 'parameters': parameters or {}}
        return list(self._ask('POST', path, json=body)['data'])

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        deadline: float | None = None  # from the first problem on: an answer may take longer
        pause_s = FIRST_PAUSE_S
        while True:
            if self._is_closed:
                raise NoService(f'{self.url} is not asked any more')
            told_s: float | None = None
            try:
                response = self._http.request(method, path, **request)
            except httpx.TransportError as error:
                problem = f'{self.url} does not answer ({_reason(error)})'
            else:
                told_s = _told_to_wait_s(response)
                if told_s is None:
                    self._end_of_wait()
                    return _body(response)
                problem = _detail(response)
            if self._is_closed:
                raise NoService(problem)
            deadline = deadline or time.monotonic() + self._wait_s
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise NoService(
                    f'{problem}, for {self._wait_s:g} s now; see that the service runs, '
                    'then give the command again'
                )
            self._begin_of_wait(problem)
            time.sleep(min(left_s, told_s or pause_s, MAX_PAUSE_S))
            pause_s = min(2 * pause_s, MAX_PAUSE_S)

    def _begin_of_wait(self, problem: str) -> None:
        with self._waiting:
            if not self._is_waiting:
                self._is_waiting = True
                self._say(f'{problem}; waiting for up to {self._wait_s:g} s')

    def _end_of_wait(self) -> None:
        with self._waiting:
            if self._is_waiting:
                self._is_waiting = False
                self._say('the service answers again')


class Clips:
    """Stored clips, asked for a page at a time; `total` counts all that fit, once one was read."""

    def __init__(
        self, client: Client, offset: int, limit: int | None, chosen: dict[str, Any]
    ) -> None:
        self._client = client
        self._offset = offset
        self._limit = limit
        self._chosen = chosen
        self.total = 0

    def __iter__(self) -> Iterator[Clip]:
        offset, left = self._offset, self._limit
        while True:
            wanted = PAGE_CLIPS if left is None else min(left, PAGE_CLIPS)
            page = self._client.page(offset, max(wanted, 1), self._chosen)
            self.total = page['total']
            if left is not None:
                left -= min(wanted, len(page['clips']))
            yield from page['clips'][:wanted]
            offset += len(page['clips'])
            if left == 0 or not page['clips'] or offset >= self.total:
                return


def _is_alive(response: httpx.Response) -> bool:
    try:
        return response.status_code == 200 and response.json() == {'status': 'alive'}
    except ValueError:
        return False


def _told_to_wait_s(response: httpx.Response) -> float | None:
    """How long to wait before the request is made again; None where it was answered for good.

    A 503 without Retry-After is a full disk, or an index that cannot be read: that does not pass.
    """
    told = response.headers.get('Retry-After', '')
    if response.status_code in (429, 503) and told.isdigit():
        return float(told)
    return MAX_PAUSE_S if response.status_code in (429, 502) else None


def _body(response: httpx.Response) -> Any:
    if not response.is_success:
        raise Refused(response.status_code, _detail(response))
    try:
        return response.json()
    except ValueError:
        url = response.request.url
        raise NoService(f'what answers at {url} is not this service; check the address') from None


def _detail(response: httpx.Response) -> str:
    try:
        detail = response.json()['detail']
    except (ValueError, KeyError, TypeError):
        return f'{response.request.url} was answered with the status {response.status_code}'
    if response.status_code == 401:
        return 'the service requires a token; set AUDIO_SEARCH_TOKEN to the one it was started with'
    return str(detail)


def _reason(error: httpx.TransportError) -> str:
    text = ' '.join(str(error).split())
    return text or type(error).__name__
