"""Typed words as vectors that can be compared with stored ones; knows no document and no store.

vocabulary = load(Path('models'), sha256_of_the_weights)
terms = read('dog bark -music', vocabulary)
vector = query_vector(vocabulary, terms, examples=4)
names = heard(vocabulary, embeddings_of_a_clip)
"""

from audio_search.words.heard import heard
from audio_search.words.lookup import matching, near, read, synonyms_of
from audio_search.words.query import Term, query_vector
from audio_search.words.vocabulary import NoVocabulary, Vocabulary, WordsError, load

__all__ = [
    'NoVocabulary',
    'Term',
    'Vocabulary',
    'WordsError',
    'heard',
    'load',
    'matching',
    'near',
    'query_vector',
    'read',
    'synonyms_of',
]
