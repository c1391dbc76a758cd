from audio_search.page.suggestions import examples_of, tags_of, words_of
from audio_search.service.views import ListedClip


def clip(
    number: int, label: str, words: tuple[tuple[str, float], ...] = (('Bell', 0.9),), **tags: object
) -> ListedClip:
    return ListedClip(
        f'id{number}', f'{number}.wav', {'label': label, **tags}, 1, words=list(words)
    )


def test_examples_are_of_several_labels_and_not_silent() -> None:
    clips = [clip(0, 'silence', ()), clip(1, 'a'), clip(2, 'a'), clip(3, 'b'), clip(4, 'c')]
    found = examples_of(clips)
    assert [one['value'] for one in found] == ['id1', 'id3', 'id4']
    assert found[0] == {'kind': 'id', 'value': 'id1', 'name': '1.wav', 'hint': 'a'}
    assert examples_of(clips[:1])[0]['value'] == 'id0'
    assert examples_of([]) == []


def test_words_are_those_that_are_surely_heard_first_in_most() -> None:
    clips = [clip(n, 'x', ((name, p),)) for n, (name, p) in enumerate(
        [('Rain', 0.9), ('Dog', 0.8), ('Rain', 0.7), ('Cat', 0.2)])]  # fmt: skip
    assert [one['value'] for one in words_of(clips)] == ['Rain', 'Dog']


def test_tags_are_those_that_fit_what_is_typed_labels_first() -> None:
    clips = [
        clip(n, label, year=2000 + n, file='x.wav', flags=[1]) for n, label in enumerate('aab')
    ]
    assert tags_of(clips, '')[:2] == [('label', 'a', 2), ('label', 'b', 1)]
    assert ('year', '2001', 1) in tags_of(clips, '')
    assert not [one for one in tags_of(clips, '') if one[0] in ('file', 'flags')]
    assert tags_of(clips, '2001') == [('year', '2001', 1)]
    assert len(tags_of(clips, 'YEAR: 200')) == 3
    assert tags_of(clips, 'nothing') == []
