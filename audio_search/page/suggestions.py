"""What could be searched with: offered while somebody types, and when the page is opened."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Query

from audio_search import toy_data
from audio_search.audio import sources
from audio_search.errors import RequestError
from audio_search.page.text import file_name, label_of
from audio_search.paths import PAGE
from audio_search.service.service import AudioService
from audio_search.service.views import ListedClip
from audio_search.words import NoVocabulary, WordsError, load, read

MAX_TEXT = 500
MAX_CLIPS = 8
MAX_WORDS = 5
MAX_TAGS = 20
SAMPLE_CLIPS = 200  # looked at for examples and tags
MAX_EXAMPLES = 3  # of clips, and of words
MAX_NAMES = 50
SURE = 0.5  # probability from which on a word stands among the examples

Suggestion = dict[str, str]  # kind and value of asked.Example, name and hint to show
Text = Annotated[str, Query(max_length=MAX_TEXT)]


def add_suggestions(app: FastAPI, service: AudioService) -> None:
    """The routes that box.js and tags.js ask."""

    @app.get(f'{PAGE}/suggest', include_in_schema=False)
    async def suggest(text: Text) -> dict[str, Any]:
        """What a text may mean: a file, words, clips; the likeliest first."""
        found = [
            *await asyncio.to_thread(_files, service, text),
            *await _words(service, text),
            *await _clips(service, text),
        ]
        if not any(one['kind'] == 'words' for one in found[:2]):
            found += await _near_words(service, text)
        return {'suggestions': found}

    @app.get(f'{PAGE}/examples', include_in_schema=False)
    async def examples() -> dict[str, Any]:
        """Clips of several labels and words that are heard in clips; none for an empty index."""
        page = await service.clips(0, SAMPLE_CLIPS, newest_first=True)
        there = [clip for clip in page.clips if not clip.missing and clip.chunk_count]
        return {'suggestions': [*examples_of(there), *words_of(there)]}

    @app.get(f'{PAGE}/tags', include_in_schema=False)
    async def tags(text: Text = '') -> dict[str, Any]:
        """Tags of clips that a text may mean, as [name, value, times it was seen]."""
        chosen = {'$text': text} if text.strip() else None
        page = await service.clips(0, SAMPLE_CLIPS, filter=chosen, newest_first=True)
        return {'tags': tags_of(page.clips, text)}

    @app.get(f'{PAGE}/names', include_in_schema=False)
    async def names(
        ids: Annotated[list[str], Query(alias='id', max_length=MAX_NAMES)],
    ) -> dict[str, Any]:
        """What clips are called."""
        page = await service.clips(0, len(ids), filter={'$id': {'$in': ids}})
        return {'names': {clip.id: file_name(clip.uri, clip.tags) for clip in page.clips}}


def examples_of(clips: Sequence[ListedClip]) -> list[Suggestion]:
    """A few clips, of as many labels as there are; rather such in which something is heard."""
    by_label: dict[str, ListedClip] = {}
    for clip in sorted(clips, key=lambda clip: not clip.words):
        by_label.setdefault(label_of(clip.tags), clip)
    return [_of_clip(clip) for clip in list(by_label.values())[:MAX_EXAMPLES]]


def words_of(clips: Sequence[ListedClip]) -> list[Suggestion]:
    """The words that are heard in most clips."""
    heard = Counter(
        name for clip in clips for name, probability in clip.words[:1] if probability >= SURE
    )
    return [_of_words(name) for name, _ in heard.most_common(MAX_EXAMPLES)]


def tags_of(clips: Sequence[ListedClip], typed: str) -> list[tuple[str, str, int]]:
    """Names and values of tags, labels first, then those that were seen most; those that have what
    was typed in their value, or in their name before a colon."""
    typed = typed.strip().lower()
    seen = Counter(
        (key, str(value))
        for clip in clips
        for key, value in clip.tags.items()
        if isinstance(value, (str, int, float)) and key != 'file'
    )
    fits = [one for one in seen if typed in f'{one[0]}: {one[1]}'.lower()]
    fits.sort(key=lambda one: (one[0] != 'label', -seen[one], one))
    return [(*one, seen[one]) for one in fits[:MAX_TAGS]]


def _files(service: AudioService, text: str) -> list[Suggestion]:
    """A path that was pasted, if a file is there."""
    path = text.strip().strip('"\'')
    if path.startswith('data:') or not any(one in path for one in '/.'):
        return []
    try:
        source = sources.resolve(path, service.roots)
    except sources.MediaError:
        return []
    uri = source.relative_uri(service.roots)
    return [{'kind': 'uri', 'value': uri, 'name': file_name(uri, {}), 'hint': 'file'}]


async def _words(service: AudioService, text: str) -> list[Suggestion]:
    """The text itself, if it names sounds."""

    def known() -> list[Suggestion]:
        try:
            vocabulary = load(service.settings.models, made.model_sha256)
            terms = read(text, vocabulary)
        except (NoVocabulary, WordsError):
            return []
        names = dict.fromkeys(vocabulary.names[one] for term in terms for one in term.numbers)
        return [_of_words(text.strip(), ', '.join(names))]

    if not text.strip():
        return []
    made = await service.status()
    return await asyncio.to_thread(known)


async def _near_words(service: AudioService, text: str) -> list[Suggestion]:
    try:
        return [_of_words(word.name) for word in (await service.words(text))[:MAX_WORDS]]
    except RequestError:  # there are none for these weights
        return []


async def _clips(service: AudioService, text: str) -> list[Suggestion]:
    if not text.strip():
        return []
    page = await service.clips(0, MAX_CLIPS, filter={'$text': text}, newest_first=True)
    found = [_of_clip(clip) for clip in page.clips]
    if len(found) == MAX_CLIPS:
        return found
    stored = {clip.uri for clip in page.clips}
    toys = await asyncio.to_thread(toy_data.uris, service.settings.roots)
    return [
        *found,
        *(
            {'kind': 'uri', 'value': uri, 'name': file_name(uri, {}), 'hint': 'not indexed'}
            for uri in toys
            if text.strip().lower() in uri.lower() and uri not in stored
        ),
    ][:MAX_CLIPS]


def _of_clip(clip: ListedClip) -> Suggestion:
    name = file_name(clip.uri, clip.tags)
    return {'kind': 'id', 'value': clip.id, 'name': name, 'hint': label_of(clip.tags)}


def _of_words(words: str, hint: str = 'words') -> Suggestion:
    return {'kind': 'words', 'value': words, 'name': words, 'hint': hint}
