import re

from audio_search.page.colours import LabelColours
from audio_search.page.library import EMPTY, NO_FIT, header_html, library_html
from audio_search.page.listed import Listed
from audio_search.service.views import ListedClip, Status


def clip(number: int, missing: bool = False) -> ListedClip:
    return ListedClip(f'id{number}', f'{number}.wav', {'label': 'bell'}, 4, missing=missing)


def listed(clips: list[ListedClip], total: int, page: int = 1, text: str = '') -> str:
    """The list of clips, of which those with a slash in their uri were uploaded."""
    return library_html(
        clips, Listed(text, page=page), total, LabelColours(), lambda uri: '/' in (uri or '')
    )


def test_a_row_can_be_played_searched_with_and_deleted() -> None:
    html = listed([clip(1)], 1)
    assert '<audio controls preload="none" src="/audio/id1" aria-label="Play 1.wav">' in html
    assert 'data-like="id1" data-name="1.wav"' in html
    assert 'data-delete="id1"' in html
    assert 'data-clip="id1" data-upload="0"' in html


def test_a_clip_whose_file_is_gone_says_so_and_can_be_deleted() -> None:
    html = listed([clip(1, missing=True)], 1)
    assert 'The file of this clip is gone.' in html
    assert '<audio' not in html
    assert 'aria-label="Delete 1.wav"' in html


def test_pages_are_turned_by_their_numbers() -> None:
    html = listed([clip(number) for number in range(25)], 1000, page=10)
    assert '226 to 250 of\n1,000 clips' in html
    assert re.findall(r'data-page="(\d+)"', html) == ['1', '8', '9', '10', '11', '12', '40']
    assert html.count('aria-current="page"') == 1
    assert html.count('…') == 2
    assert 'id="as-page" min="1" max="40" value="10"' in html
    few = listed([clip(number) for number in range(25)], 60)
    assert re.findall(r'data-page="(\d+)"', few) == ['1', '2', '3']
    assert 'as-page"' not in few


def test_tags_can_be_pressed_and_words_are_named() -> None:
    tags = {'label': 'x', 'file': 'y.wav', 'site': '<A>', 'year': 2001, 'list': [1]}
    words = [('Rain', 0.8), ('Wind', 0.1)]
    html = listed([ListedClip('i', 'ab/y.wav', tags, 1, words=words)], 1)
    assert 'data-tag="site" data-value="&lt;A&gt;"' in html
    assert 'data-tag="year" data-value="2001"' in html
    assert 'data-tag="list"' not in html
    assert 'heard: Rain<' in html
    assert 'data-upload="1"' in html


def test_nothing_is_indexed_or_fits() -> None:
    assert listed([], 0) == EMPTY
    assert listed([], 0, text='bell') == NO_FIT


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
