from audio_search.page.tray import hits_of_tray, kept_with, tray_html
from tests.page.test_matches import result


def test_hits_are_kept_once_and_told_apart_by_their_queries() -> None:
    first, second = result(10, 4, matches=3), result(10, 4, matches=3)
    kept = kept_with([], first, 'id0')
    kept = kept_with(kept, first, 'id2')
    kept = kept_with(kept, second, 'id0')
    kept = kept_with(kept, second, 'nowhere')
    assert [one.match.id for one in kept] == ['id2', 'id0']
    (query,) = hits_of_tray(kept)
    assert query['uri'] == 'q.wav'
    assert [match['uri'] for match in query['matches']] == ['2.wav', '0.wav']
    html = tray_html(kept)
    assert '2 hits kept' in html
    assert 'aria-label="Take 0.wav out of the tray"' in html
    assert tray_html([]) == ''
