from audio_search.page.colours import LabelColours
from audio_search.page.library import EMPTY, header_html, library_html
from audio_search.service.views import ListedClip, Status


def clip(number: int, missing: bool = False) -> ListedClip:
    return ListedClip(f'id{number}', f'{number}.wav', {'label': 'bell'}, 4, missing=missing)


def test_a_row_can_be_played_searched_with_and_deleted() -> None:
    html = library_html([clip(1)], 0, 1, LabelColours())
    assert '<audio controls preload="none" src="/audio/id1" aria-label="Play 1.wav">' in html
    assert 'data-like="id1" data-name="1.wav"' in html
    assert 'data-event="remove"' in html


def test_a_clip_whose_file_is_gone_says_so_and_can_be_deleted() -> None:
    html = library_html([clip(1, missing=True)], 0, 1, LabelColours())
    assert 'The file of this clip is gone.' in html
    assert '<audio' not in html
    assert 'aria-label="Delete 1.wav"' in html


def test_pages_are_turned_within_the_list() -> None:
    html = library_html([clip(number) for number in range(20, 40)], 20, 50, LabelColours())
    assert '21 to 40 of\n50 clips' in html
    assert 'data-offset="0" >Previous' in html
    assert 'data-offset="40" >Next' in html
    last = library_html([clip(40)], 40, 41, LabelColours())
    assert 'data-offset="41" disabled>Next' in last


def test_nothing_is_indexed() -> None:
    assert library_html([], 0, 0, LabelColours()) == EMPTY


def test_the_header_names_what_is_indexed_and_the_weights() -> None:
    status = Status(
        1,
        4,
        '<own>',
        'ab' * 32,
        'index.sqlite',
        0,
        'concat',
        512,
        4.0,
        2.0,
        'repeat',
        -12.0,
        'zero',
    )
    html = header_html(status)
    assert '1 clip, 4 windows' in html
    assert '&lt;own&gt; <code>abababab</code>' in html
    assert 'Indexed' not in header_html()
