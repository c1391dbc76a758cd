"""Judgements and saved searches, in whichever store they are. Questions and answers are JSON text,
since Jina's returned objects have float64 for every number."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from audio_search.store import ClipRef
from audio_search.store.interface import ClipStore
from audio_search.store.judgements import Chosen, Judgement, SavedSearch
from audio_search.store.records import to_json

Asked = Mapping[str, Any]


def answer_beside(store: ClipStore, text: str) -> dict[str, str]:
    """{answer: JSON} to a question {do, …}, of which DOING has the kinds. Raises what the store
    does."""
    asked = json.loads(text)
    return {'answer': to_json(DOING[asked['do']](store, asked))}


def judge(store: ClipStore, asked: Asked) -> list[str | None]:
    """Keep `judgements`, or take back those without a `verdict`, in one transaction: for each why
    that cannot be done, or null."""
    problems: list[str | None] = []
    with store.transaction() as transaction:
        for fields in asked['judgements']:
            part = fields['part'] and tuple(fields['part'])
            judgement = Judgement(**fields | {'part': part})
            problem = None
            if fields['verdict'] is None:
                transaction.take_back(judgement.key)
            elif not transaction.put_judgement(judgement):
                problem = f'there is no clip {judgement.clip_id!r}; see /clips for those there are'
            problems.append(problem)
    return problems


def list_judgements(store: ClipStore, asked: Asked) -> dict[str, Any]:
    """A page of those that are `chosen`, each with the `uri` of its clip."""
    judgements, total = store.judgements(asked['offset'], asked['limit'], Chosen(**asked['chosen']))
    ids = list(dict.fromkeys(judgement.clip_id for judgement in judgements))
    entries = store.find_many([ClipRef(id_, None) for id_ in ids])
    uris = {id_: entry and entry.uri for id_, entry in zip(ids, entries, strict=True)}
    found = [asdict(one) | {'uri': uris[one.clip_id]} for one in judgements]
    return {'judgements': found, 'total': total}


def list_searches(store: ClipStore, asked: Asked) -> list[dict[str, Any]]:
    return [asdict(search) for search in store.searches()]


def find_search(store: ClipStore, asked: Asked) -> dict[str, Any] | None:
    search = store.saved_search(asked['name'])
    return None if search is None else asdict(search)


def save_search(store: ClipStore, asked: Asked) -> None:
    with store.transaction() as transaction:
        transaction.put_search(SavedSearch(**asked['search']))


def delete_search(store: ClipStore, asked: Asked) -> bool:
    with store.transaction() as transaction:
        return transaction.delete_search(asked['name'])


DOING: dict[str, Callable[[ClipStore, Asked], Any]] = {
    'judge': judge,
    'judgements': list_judgements,
    'searches': list_searches,
    'search': find_search,
    'save': save_search,
    'delete': delete_search,
}
