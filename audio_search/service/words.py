"""Searches by words: what a text names becomes the only window of a query, without a sound."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docarray import DocList

from audio_search.documents import AudioChunk, Embedding, Rows
from audio_search.errors import RequestError
from audio_search.service.requests import Item
from audio_search.service.views import Status
from audio_search.vggish.parameters import EMBEDDING_SIZE
from audio_search.words import (
    NoVocabulary,
    Vocabulary,
    WordsError,
    load,
    matching,
    query_vector,
    read,
    synonyms_of,
)

MAX_MATCHING = 20


@dataclass(frozen=True)
class Word:
    """A name of a sound; see Vocabulary for `support`. `synonyms` lead to it too."""

    name: str
    support: int
    synonyms: list[str]


def fill_words(items: Sequence[Item], made: Status, models: Path) -> None:
    """Give the clips of items that have `words` their window, with an embedding as those of the
    index are `made`, and say what was `named`. What cannot be understood becomes an error."""
    try:
        vocabulary = load(models, made.model_sha256)
    except NoVocabulary as error:
        for item in items:
            item.fail(error)
        return
    for item in items:
        try:
            _fill(item, vocabulary, made.dimensions // EMBEDDING_SIZE)
        except WordsError as error:
            item.fail(error)


def list_words(like: str | None, made: Status, models: Path) -> list[Word]:
    """All names, in the order of AudioSet; or those that fit what was typed so far, best first.
    Raises RequestError (MISSING) where there are none for the weights of the index."""
    try:
        vocabulary = load(models, made.model_sha256)
    except NoVocabulary as error:
        raise RequestError(error.kind, str(error)) from None
    every = range(len(vocabulary.names))
    numbers = every if like is None else matching(like, vocabulary, MAX_MATCHING)
    return [
        Word(name, int(vocabulary.support[number]), synonyms_of(name))
        for number in numbers
        for name in [vocabulary.names[number]]
    ]


def _fill(item: Item, vocabulary: Vocabulary, examples: int) -> None:
    terms = read(item.clip.words or '', vocabulary)
    vector = Embedding.from_int8(query_vector(vocabulary, terms, examples))
    item.clip.chunks = DocList[AudioChunk]([AudioChunk(embedding=vector)])
    item.clip.named = Rows(
        {
            'words': term.text,
            'names': [vocabulary.names[number] for number in term.numbers],
            'sign': 1 if term.is_wanted else -1,
        }
        for term in terms
    )
