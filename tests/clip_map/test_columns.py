from typing import Any

from audio_search.clip_map.columns import MAX_DAYS, MAX_VALUES, OTHERS, Column, columns_of


def read(column: Column) -> list[str]:
    return [column.values[code] for code in column.codes]


def test_what_dots_are_coloured_by() -> None:
    columns = columns_of(
        [
            ('wood/a/143_Birds.mp3', {'label': 'bird'}),
            ('wood/20240512_043000.wav#t=4,8', {'label': 3}),
            (
                'data:audio/wav;base64,AAAA',
                {'file': 'bell tower.wav', 'recorded_at': '2023-01-02T03:04'},
            ),
            (None, {}),
        ]
    )
    assert read(columns['label']) == ['bird', '3', '', '']
    assert read(columns['folder']) == ['wood/a', 'wood', '', '']
    assert read(columns['word']) == ['birds', '', 'bell', 'unnamed']
    assert read(columns['date']) == ['', '2024-05-12', '2023-01-02', '']


def test_frequent_values_come_first_and_dates_in_their_order() -> None:
    clips: list[tuple[str, dict[str, Any]]] = [
        (f'2024010{3 - n}_000000.wav', {'label': label}) for n, label in enumerate('abb')
    ]
    columns = columns_of(clips)
    assert columns['label'].values == ['b', 'a']
    assert columns['date'].values == ['2024-01-01', '2024-01-02', '2024-01-03']


def test_many_days_are_months() -> None:
    uris = [f'2024{1 + day // 28:02}{1 + day % 28:02}_000000.wav' for day in range(MAX_DAYS + 1)]
    assert columns_of([(uri, {}) for uri in uris])['date'].values == ['2024-01', '2024-02']


def test_rare_values_share_one() -> None:
    labels = ['often', 'often', *(f'{n:05}' for n in range(MAX_VALUES + 5))]
    column = columns_of([(None, {'label': label}) for label in labels])['label']
    assert column.values[0] == 'often'
    assert read(column)[-6:] == [OTHERS] * 6
