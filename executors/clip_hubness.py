"""Cross-domain similarity local scaling: a search that damps hubs, which are near to everything.

Conneau and others, "Word translation without parallel data" (ICLR 2018), formula 3: a pair counts

    2 cos(q, x) - r(x) - r(q)

where r is the mean cosine of a vector with its NEIGHBOURS nearest ones, here each of another clip.
"""

import threading
from collections.abc import Collection, Sequence

import numpy as np
from docarray import DocList

from audio_search.documents import AudioClip, Match
from audio_search.places import Place, nearest_clips
from audio_search.store import ClipRef, ClipStore
from executors.clip_places import own_clip
from executors.clip_records import match_of
from executors.match_args import CSLS

NEIGHBOURS = 10
# Of every stored window r would take as many searches as there are windows, and any new clip
# changes some. So the nearest clips by cosine are ranked anew: exactly, as far as they go.
CANDIDATES = 100
KEPT = 100_000  # of the r of windows, as long as the index stays as it is


class Hubness:
    """Ranks by that formula the clips of a store. Any thread may ask."""

    def __init__(self, store: ClipStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._version: int | None = None
        self._known: dict[tuple[str, tuple[int, ...]], float] = {}

    def match(
        self,
        doc: AudioClip,
        vectors: np.ndarray,
        limit: int,
        filter: object,
        left_out: Collection[str],
    ) -> None:
        """Give the chunks of a query the `limit` best of the CANDIDATES nearest clips, each by the
        window that is nearest, without the clips `left_out`. `vectors` is int8 [chunks,
        dimensions]. Raises FilterError and StorageError."""
        count = max(CANDIDATES, limit) + len(left_out)
        found = self._store.search(vectors, count, filter=filter)
        places = [
            place
            for place in nearest_clips(found)[:count]
            if place.neighbour.clip_id not in left_out
        ]
        of_query = self._of_vectors(vectors, [own_clip(doc)] * len(vectors))
        of_places = self._of_places(places)
        scored = [
            (2 * (1 - place.neighbour.distance) - of_place - of_query[place.query], place)
            for place, of_place in zip(places, of_places, strict=True)
        ]
        scored.sort(key=lambda pair: -pair[0])
        for chunk in doc.chunks:
            chunk.matches = DocList[Match]()
        for score, place in scored[:limit]:
            match = match_of(place.neighbour)
            match.scores[CSLS] = score
            doc.chunks[place.query].matches.append(match)

    def _of_vectors(self, vectors: np.ndarray, own: Sequence[ClipRef]) -> list[float]:
        """The r of each vector; 0 where there is no other clip."""
        found = self._store.search(vectors, NEIGHBOURS, excluded=own)
        return [float(np.mean([1 - one.distance for one in near] or [0.0])) for near in found]

    def _of_places(self, places: Sequence[Place]) -> list[float]:
        """The r of the window of each place."""
        version = self._store.version()
        keys = [(place.neighbour.clip_id, place.neighbour.location) for place in places]
        with self._lock:
            if version is None or version != self._version or len(self._known) > KEPT:
                self._known, self._version = {}, version
            known = self._known
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        rows = {key: row for key in wanted if (row := self._vector(*key)) is not None}
        if rows:
            own = [ClipRef(clip_id, None) for clip_id, _ in rows]
            of_rows = self._of_vectors(np.stack(list(rows.values())), own)
            known.update(zip(rows, of_rows, strict=True))
        return [known.get(key, 0.0) for key in keys]

    def _vector(self, clip_id: str, location: tuple[int, ...]) -> np.ndarray | None:
        clip = self._store.clip(clip_id)
        if clip is None:  # it was deleted since
            return None
        rows = np.flatnonzero((clip.locations == location).all(axis=1))
        return clip.embeddings[rows[0]] if len(rows) else None
