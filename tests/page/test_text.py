import logging

import pytest

from audio_search.errors import Kind, RequestError
from audio_search.page.text import Problem, clock, count, file_name, label_of, part, sentence, text
from audio_search.service.pipeline import ExecutorDown


@pytest.mark.parametrize(
    ('error', 'expected'),
    [
        (Problem('choose a clip'), 'choose a clip.'),
        (RequestError(Kind.MISSING, 'there is no such clip; see the library'), 'see the library.'),
        (
            RequestError(Kind.BUSY, 'the service is busy; try again later'),
            'the service is busy; try again later.',
        ),
        (ExecutorDown('encoder'), 'The encoder is down.'),
    ],
)
def test_errors_in_plain_words(error: Exception, expected: str) -> None:
    assert expected in sentence(error)


def test_what_nobody_expected_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger('audio_search')
    log.propagate, before = True, log.propagate
    try:
        said = sentence(ZeroDivisionError('secret'))
    finally:
        log.propagate = before
    assert 'secret' not in said
    assert 'log' in said
    assert caplog.records[0].exc_info


def test_text_is_never_markup() -> None:
    assert text('<b a="\'">&') == '&lt;b a=&quot;&#x27;&quot;&gt;&amp;'


@pytest.mark.parametrize(
    ('uri', 'tags', 'name'),
    [
        ('toy-data/a.mp3', {}, 'a.mp3'),
        ('rec/long.wav#t=600,1200', {}, 'long.wav'),
        ('0123/sound.wav', {'file': 'my dog.wav'}, 'my dog.wav'),
        (None, {}, 'unnamed clip'),
        (None, {'file': 7}, '7'),
    ],
)
def test_file_name(uri: str | None, tags: dict[str, object], name: str) -> None:
    assert file_name(uri, tags) == name


@pytest.mark.parametrize(
    ('tags', 'label'), [({}, ''), ({'label': 'bell'}, 'bell'), ({'label': 0}, '0')]
)
def test_label_of(tags: dict[str, object], label: str) -> None:
    assert label_of(tags) == label


@pytest.mark.parametrize(
    ('start', 'end', 'expected'),
    [
        (0, 4000, '0 – 4 s'),
        (2500, 6500, '2.5 – 6.5 s'),
        (58_000, 62_000, '0:58 – 1:02'),
        (3_598_000, 3_602_000, '59:58 – 1:00:02'),
    ],
)
def test_part(start: int, end: int, expected: str) -> None:
    assert part(start, end) == expected


def test_clock_rounds_to_the_second() -> None:
    assert clock(59_600) == '1:00'


def test_count() -> None:
    assert [count(number, 'clip') for number in (0, 1, 1234.0)] == [
        '0 clips',
        '1 clip',
        '1,234 clips',
    ]
