import base64
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from audio_search.page.download import TITLES, buttons_html, hits_of, link_html
from audio_search.roots import Roots
from tests.conftest import write_tone
from tests.page.test_matches import result


def saved(html: str) -> tuple[str, str]:
    """The name and the text of the file in a link."""
    found = re.search(r'download="([^"]+)" href="data:[^"]+;base64,([^"]+)"', html)
    assert found
    return found[1], base64.b64decode(found[2]).decode()


def test_every_format_has_a_button() -> None:
    assert re.findall(r'data-format="(\w+)"', buttons_html('save', 'all')) == list(TITLES)
    assert set(TITLES) == {'csv', 'json', 'audacity', 'raven', 'm3u'}


def test_the_shown_matches_are_saved() -> None:
    name, table = saved(link_html([hits_of(result(10, 4, matches=2, farther=1))], 'csv', Roots()))
    assert name == 'hits.csv'
    assert [row.split(',')[0] for row in table.splitlines()] == ['file', '0.wav', '1.wav']
    name, answer = saved(link_html([hits_of(result(10, 4, matches=2, farther=1))], 'json', Roots()))
    assert name == 'hits.json'
    matches = json.loads(answer)['matches']
    assert [(match['uri'], match['missing']) for match in matches] == [
        ('0.wav', False),
        ('1.wav', False),
    ]
    assert not any('recorded_at' in match for match in matches)


def test_the_time_of_day_is_saved_where_it_is_known() -> None:
    timed = result(10, 4, matches=1)
    timed.matches[0].recorded_at = '2024-05-12T04:30:04.000'
    for name in ('csv', 'json', 'raven'):
        assert '2024-05-12T04:30:04.000' in saved(link_html([hits_of(timed)], name, Roots()))[1]


@pytest.mark.parametrize('name', ['m3u', 'raven'])
def test_what_opens_the_sounds_has_absolute_paths(tmp_path: Path, name: str) -> None:
    sound = write_tone(tmp_path / '0.wav', 10).resolve()
    assert (
        str(sound)
        in saved(link_html([hits_of(result(10, 4, matches=1))], name, Roots((sound.parent,))))[1]
    )


def test_the_link_is_data_and_leads_to_no_host() -> None:
    for name in TITLES:
        found = re.search(
            r'href="([^"]+)"', link_html([hits_of(result(10, 4, matches=2))], name, Roots())
        )
        assert found
        assert urlsplit(found[1]).scheme == 'data'
