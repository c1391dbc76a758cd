"""Several examples and counter-examples, as one query that is searched like any other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from docarray import DocList

from audio_search.documents import GONE, AudioChunk, AudioClip, Embedding, note_gone
from audio_search.fitting import BACKGROUND_WINDOWS, Example, Fitted, fit
from audio_search.store import ClipRef, ClipStore, Configuration
from executors.clip_parts import stored_part
from executors.clip_records import embeddings_of
from executors.clip_samples import Samples
from executors.match_args import DOUBTFUL


@dataclass(frozen=True)
class FittedQuery:
    """What was fitted to the examples of a query, and the ids of those that are stored clips."""

    fitted: Fitted
    own_clips: frozenset[str]


def fit_query(
    store: ClipStore, samples: Samples, doc: AudioClip, parameters: dict[str, Any]
) -> FittedQuery:
    """Give a query with `examples` the one chunk that is searched with in place of all of theirs.

    Of `match: example`, and inside recordings, the examples of 0.96 s are fitted by themselves,
    since these are compared then. An example that may be gone is left out where it is. Raises
    ExamplesError, ValueError for an example that cannot be used, and StorageError.
    """
    made = store.configuration
    rows = doc.examples or []
    own = embeddings_of(doc, made.dimensions) if doc.chunks else np.empty((0, 0), np.int8)
    examples, ids, gone = [], [], []
    for row in rows:
        if row.get('first') is None:
            try:
                clip, part = stored_part(store, row['id'])
            except ValueError:
                if not row.get('may_be_gone'):
                    raise
                gone.append(row['id'])
                continue
            windows = clip.embeddings[part]
            ids.append(clip.id)
        else:
            windows = own[row['first'] : row['end']]
        examples.append(Example(windows, row['is_wanted']))
    refs = [ClipRef(row['id'], row['uri']) for row in rows if row.get('first') is not None]
    ids += [entry.id for entry in store.find_many(refs) if entry]
    note_gone(doc, gone)
    if GONE in (doc.note or '') and not any(example.is_wanted for example in examples):
        raise ValueError(f'nothing is left to search for, since {doc.note}; give other examples')
    fitted = fit(
        examples,
        samples.windows(BACKGROUND_WINDOWS),
        parts=_parts(made, parameters),
        calibrate=_needs_probabilities(parameters),
    )
    vector = Embedding.from_int8(fitted.vector)
    doc.chunks = DocList[AudioChunk]([AudioChunk(embedding=vector)])
    return FittedQuery(fitted, frozenset(ids))


def _parts(made: Configuration, parameters: dict[str, Any]) -> int:
    is_by_example = parameters.get('match') == 'example' or parameters.get('within') is not None
    return made.examples_per_chunk if is_by_example else 1


def _needs_probabilities(parameters: dict[str, Any]) -> bool:
    return 'score' in (parameters.get('include') or ()) or parameters.get('order') == DOUBTFUL
