import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from audio_search.vggish.weights import File
from scripts import download_model, verify_model
from scripts.download_model import DownloadError, fetch
from scripts.verify_model import Statistic

CONTENT = {
    'big.ckpt': np.random.default_rng(0).bytes(700_001),
    'small.npz': np.random.default_rng(1).bytes(5_000),
}


class Mirror(ThreadingHTTPServer):
    """Serves CONTENT below /files/; the attributes say how badly."""

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.ranges = True  # understand Range
        self.break_after: int | None = None  # bytes of body after which the connection breaks
        self.breaks = 0  # how often it still does
        self.status: int | None = None  # answered instead
        self.content = dict(CONTENT)
        self.asked: list[tuple[str, str | None]] = []

    def url(self, name: str = '') -> str:
        return f'http://127.0.0.1:{self.server_port}/files/{name}'


class Handler(BaseHTTPRequestHandler):
    server: Mirror

    def do_GET(self) -> None:
        mirror, name = self.server, self.path.removeprefix('/files/')
        mirror.asked.append((name, self.headers.get('Range')))
        if mirror.status or name not in mirror.content:
            self.send_error(mirror.status or 404)
            return
        body, first = mirror.content[name], 0
        if mirror.ranges and (wanted := self.headers.get('Range')):
            first = int(wanted.removeprefix('bytes=').removesuffix('-'))
            if first >= len(body):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {first}-{len(body) - 1}/{len(body)}')
        else:
            self.send_response(200)
        self.send_header('Content-Length', str(len(body) - first))
        self.end_headers()
        rest = body[first:]
        if mirror.breaks and mirror.break_after is not None:
            mirror.breaks -= 1
            rest = rest[: mirror.break_after]
        self.wfile.write(rest)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def table(mirror: Mirror) -> dict[str, File]:
    return {
        name: File(mirror.url(name), len(content), hashlib.sha256(content).hexdigest())
        for name, content in CONTENT.items()
    }


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / 'models'


def assert_complete(models: Path) -> None:
    """Both files as they should be, and nothing left over."""
    assert {path.name: path.read_bytes() for path in models.iterdir()} == CONTENT


def test_both_files_are_fetched_from_their_own_urls(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    fetch(table, models)
    assert_complete(models)
    assert mirror.asked == [('big.ckpt', None), ('small.npz', None)]


def test_what_is_there_is_not_fetched_again(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    fetch(table, models)
    fetch(table, models)
    assert len(mirror.asked) == 2
    (models / 'small.npz').write_bytes(b'x' * 5000)
    fetch(table, models)
    assert_complete(models)


def test_a_stopped_download_goes_on_where_it_stopped(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(CONTENT['big.ckpt'][:300_000])
    fetch(table, models)
    assert_complete(models)
    assert mirror.asked[0] == ('big.ckpt', 'bytes=300000-')


def test_a_server_that_does_not_resume_sends_all_of_it(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    mirror.ranges = False
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(b'?' * 300_000)
    fetch(table, models)
    assert_complete(models)


def test_a_connection_that_breaks_is_taken_up_again(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    mirror.break_after, mirror.breaks = 100_000, 4
    fetch(table, models)
    assert_complete(models)
    assert [wanted for name, wanted in mirror.asked if name == 'big.ckpt'] == [
        None,
        'bytes=100000-',
        'bytes=200000-',
        'bytes=300000-',
        'bytes=400000-',
    ]


def test_a_connection_that_brings_nothing_is_given_up_and_what_came_is_kept(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    models.mkdir()
    part = models / 'big.ckpt.part'
    part.write_bytes(CONTENT['big.ckpt'][:300_000])
    mirror.break_after, mirror.breaks = 0, 1000
    with pytest.raises(DownloadError, match=r'broke \(.+\); run this again to go on where'):
        fetch(table, models)
    assert part.read_bytes() == CONTENT['big.ckpt'][:300_000]
    assert not (models / 'big.ckpt').exists()
    mirror.breaks = 0
    fetch(table, models)
    assert_complete(models)


def test_a_part_of_another_file_is_noticed_and_fetched_anew(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(b'of an older version' * 1000)
    fetch(table, models)
    assert_complete(models)
    assert mirror.asked[1] == ('big.ckpt', None)


@pytest.mark.parametrize('extra', [0, 1])
def test_a_part_as_long_as_the_file_or_longer_is_no_trouble(
    mirror: Mirror, table: dict[str, File], models: Path, extra: int
) -> None:
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(b'?' * (len(CONTENT['big.ckpt']) + extra))
    fetch(table, models)
    assert_complete(models)


def test_a_complete_part_only_needs_its_name(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(CONTENT['big.ckpt'])
    fetch(table, models)
    assert_complete(models)
    assert mirror.asked == [('small.npz', None)]


def test_a_range_that_the_server_refuses_is_asked_for_from_the_beginning(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    # Its file is shorter than what is here, so it answers 416, and then the wrong size.
    mirror.content['big.ckpt'] = b'short'
    models.mkdir()
    (models / 'big.ckpt.part').write_bytes(b'?' * 1000)
    with pytest.raises(DownloadError, match=r'has 5 bytes where the published file has 700,001'):
        fetch(table, models)
    assert [wanted for _, wanted in mirror.asked] == ['bytes=1000-', None]


def test_other_content_of_the_same_size_is_refused_and_not_kept(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    mirror.content['big.ckpt'] = bytes(len(CONTENT['big.ckpt']))
    with pytest.raises(DownloadError, match=r'is not the published big\.ckpt \(its SHA-256'):
        fetch(table, models)
    assert list(models.iterdir()) == []


@pytest.mark.parametrize(('status', 'words'), [(404, 'Not Found'), (503, 'Service Unavailable')])
def test_an_answer_without_the_file_is_told(
    mirror: Mirror, table: dict[str, File], models: Path, status: int, words: str
) -> None:
    mirror.status = status
    with pytest.raises(DownloadError, match=rf'big\.ckpt answers {status} {words}; try again'):
        fetch(table, models)


def test_without_a_network_one_sentence_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        nobody = f'http://127.0.0.1:{unused.getsockname()[1]}/'
        status = download_model.main(['--from', nobody, '--models', str(tmp_path)])
    assert status == 1
    (sentence,) = capsys.readouterr().err.strip().splitlines()
    assert sentence.startswith('127.0.0.1:')
    assert 'cannot be reached (Connection refused); connect to the network' in sentence
    assert 'the service runs on the compact weights' in sentence


def test_a_mirror_is_given_by_its_folder_or_by_one_file(
    mirror: Mirror, table: dict[str, File], models: Path
) -> None:
    elsewhere = {
        name: File('http://elsewhere.invalid/', file.size, file.sha256)
        for name, file in table.items()
    }
    with pytest.raises(DownloadError, match=r'small\.npz is still missing; run this for it, too'):
        fetch(elsewhere, models, mirror.url('big.ckpt'))
    assert (models / 'big.ckpt').exists()
    fetch(elsewhere, models, mirror.url().rstrip('/'))
    assert_complete(models)


def test_files_are_taken_from_a_folder_or_one_by_one(
    mirror: Mirror, table: dict[str, File], models: Path, tmp_path: Path
) -> None:
    folder = tmp_path / 'usb stick'
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    fetch(table, models, str(folder))
    assert_complete(models)

    (folder / 'big.ckpt').rename(folder / 'renamed')
    others = tmp_path / 'others'
    with pytest.raises(DownloadError, match=r'small\.npz is still missing'):
        fetch(table, others, str(folder / 'renamed'))
    fetch(table, others, str(folder / 'small.npz'))
    assert_complete(others)
    assert mirror.asked == []


def test_sources_that_hold_nothing_of_it_are_told(
    table: dict[str, File], models: Path, tmp_path: Path
) -> None:
    (tmp_path / 'letter.txt').write_text('Dear')
    with pytest.raises(DownloadError, match=r'nothing does not exist; give a file, a folder or'):
        fetch(table, models, str(tmp_path / 'nothing'))
    with pytest.raises(DownloadError, match=r'letter\.txt is not one of the files big'):
        fetch(table, models, str(tmp_path / 'letter.txt'))
    with pytest.raises(DownloadError, match=r'big\.ckpt does not exist; give a folder that holds'):
        fetch(table, models, str(tmp_path))


def test_a_folder_that_cannot_be_written_is_told(
    mirror: Mirror, table: dict[str, File], tmp_path: Path
) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(DownloadError, match=r'file cannot be written \(.+\); make room or choose'):
        fetch(table, tmp_path / 'file')


def test_the_smoke_test_allows_a_tenth() -> None:
    assert Statistic('mean', 126.0, 138.5).passed
    assert not Statistic('mean', 126.0, 138.7).passed
    assert Statistic('mean', 0.000657, 0.0006).passed
    assert not Statistic('mean', 0.000657, -0.000657).passed


def test_other_weights_fail_the_smoke_test_and_the_four_numbers_show_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert verify_model.verify(verify_model.ROOT / 'models', 'compact') == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-3] for line in lines[1:5]] == ['0.000657', '0.343', '126', '89.3']
    assert lines[5].startswith('The published smoke test FAILED: ')


def test_without_the_official_weights_verification_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert verify_model.main(['--models', str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    assert 'vggish_model.ckpt is missing; run' in printed.err
    assert len(printed.err.splitlines()) == 1
