"""The contract of a store of clips, whichever engine keeps them. Imports no engine.

`tests/store/contract` is the same contract as tests, which every store passes.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from audio_search.store.configuration import Configuration
from audio_search.store.judgements import (
    EVERY_JUDGEMENT,
    Chosen,
    Judgement,
    JudgementKey,
    SavedSearch,
)
from audio_search.store.records import Clip, ClipRef, Entry, KeptParts, Neighbour, Sample, Words


class StoreTransaction(Protocol):
    """Changes that are made together; see `ClipStore.transaction`. Later ones see earlier ones.

    Where the disk or the engine refuses, every method raises an error that leaves `transaction` as
    a StorageError.
    """

    def put(self, clip: Clip) -> None:
        """Store a clip in the place of any with its id, and of any with its uri.

        It becomes the last of all clips. Its tags have to be JSON (`records.check_json`), its
        embeddings int8 [chunks, configuration.dimensions]. What was judged of the clip stays; where
        it takes the place of another id, because it has its uri, it gets what was judged of that.
        """
        ...

    def keep_part(self, clip: Clip, number: int, count: int) -> Clip | None:
        """Keep the chunks of part `number` of the `count` of a recording; once all are there, give
        back the recording whole, which then has to be `put`, and forget its parts.

        Parts are found by no search and counted nowhere. They are of one version of a file: those
        of any other version, or of another division, are forgotten. So they are where `put` or
        `delete` is called for their clip. Of the last part is the `source` of the recording.
        """
        ...

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        """As ClipStore.find, with the changes made so far."""
        ...

    def replace_tags(self, clip_id: str, tags: dict[str, Any]) -> bool:
        """Give the clip with that id these tags instead of its own; False if there is none."""
        ...

    def replace_words(self, clip_id: str, words: Words) -> bool:
        """Give the clip with that id these words; False if there is none."""
        ...

    def delete(self, clip_id: str) -> bool:
        """Remove the clip with that id, and what was judged of it; False if there is none."""
        ...

    def delete_selected(
        self, *, filter: Any | None = None, prefix: str | None = None
    ) -> list[Entry]:
        """Remove every clip that the filter selects and whose uri starts with `prefix`, as
        ClipStore.page selects them; the removed ones, in the order they were stored.

        Raises FilterError, and ValueError where neither is given: `clear` removes every clip.
        """
        ...

    def clear(self) -> None:
        """Remove every clip, and all judgements. Saved searches stay."""
        ...

    def put_judgement(self, judgement: Judgement) -> bool:
        """Keep a judgement in the place of any with its key; False if there is no clip with that
        id (`find` may know one by another name)."""
        ...

    def take_back(self, key: JudgementKey) -> bool:
        """Remove the judgement with that key; False if there is none."""
        ...

    def put_search(self, search: SavedSearch) -> None:
        """Keep a search in the place of any with its name."""
        ...

    def delete_search(self, name: str) -> bool:
        """Remove the search with that name; False if there is none."""
        ...


class ClipStore(Protocol):
    """Clips by id and by uri, their tags, and the nearest of their embeddings.

    Any number of threads may read while another writes. A read sees whole clips, all as they were
    at one moment, and everything that was stored before it began. Raises StorageError wherever the
    disk or the engine refuses to read or write.
    """

    configuration: Configuration
    address: str  # the path or the uri of where the clips are

    def transaction(self) -> AbstractContextManager[StoreTransaction]:
        """Changes that are all on disk when the block ends, or none of them is.

        An exception inside the block undoes them and is raised on; what the disk or the engine
        refuses is raised as StorageError.
        """
        ...

    def clear(self) -> None:
        """As StoreTransaction.clear, and give the disk space back. Raises StorageError."""
        ...

    def search(
        self,
        queries: np.ndarray,
        limit: int,
        *,
        distinct: bool = True,
        filter: Any | None = None,
        excluded: Sequence[ClipRef] | None = None,
        by_example: bool = False,
    ) -> list[list[Neighbour]]:
        """The nearest stored chunks of each query, nearest first: one for each of the `limit`
        nearest clips, or with `distinct=False` the `limit` nearest chunks of whichever clips.

        `queries` is int8 [queries, dimensions]. `filter` selects the clips to search before the
        search (`filters`; raises FilterError). `excluded` has for each query a clip to leave out;
        one that is not stored leaves nothing out. Ties: the clip that was stored first, then its
        first chunk. Distances are cosine, 1 - cos, in [0, 2]. A zero vector is that of silence:
        it finds nothing and is never found, but counts as a chunk.

        With `by_example` the distance of two chunks is that of their nearest examples, of which one
        has as many as there are in a window of the configuration; where the index keeps one mean of
        each, it is that of the chunks. This search is never approximate.
        """
        ...

    def search_around(
        self, query: np.ndarray, distance: float, limit: int, *, filter: Any | None = None
    ) -> list[Neighbour]:
        """Of each clip the chunk whose distance from `query`, int8 [dimensions], is nearest to
        `distance`; and of these the `limit` nearest to it, nearest first. All else is as in
        `search`; it is never approximate."""
        ...

    def sample(self, count: int) -> Sample:
        """Up to `count` of all chunks, drawn at random, none twice, without those among them that
        are silent. As long as nothing is stored or removed they are the same each time."""
        ...

    def find(self, clip_id: str | None = None, uri: str | None = None) -> Entry | None:
        """The clip with that id, else the one with that uri, else the first one whose sound has
        that id (`Clip.source['sound']`): it was stored under an id of its own."""
        ...

    def find_many(self, names: Sequence[ClipRef]) -> list[Entry | None]:
        """As `find`, for each of them, all at one moment and in one query where the engine can."""
        ...

    def kept_parts(self, clip_id: str) -> KeptParts | None:
        """The parts that `keep_part` keeps of a clip; None where there is none."""
        ...

    def clip(self, clip_id: str) -> Clip | None:
        """A clip with its chunks and their embeddings."""
        ...

    def page(
        self,
        offset: int,
        limit: int,
        *,
        filter: Any | None = None,
        prefix: str | None = None,
    ) -> tuple[list[Entry], int]:
        """Up to `limit` of the selected clips from number `offset` on, in the order they were
        stored, and how many are selected in all.

        Selected are those that `filter` selects (FilterError) and whose uri starts with `prefix`:
        character by character, with upper and lower case apart, and no character special. With
        neither, all are.
        """
        ...

    def judgements(
        self, offset: int, limit: int, chosen: Chosen = EVERY_JUDGEMENT
    ) -> tuple[list[Judgement], int]:
        """Up to `limit` of the chosen judgements from number `offset` on, in `Judgement.order`,
        and how many are chosen in all."""
        ...

    def searches(self) -> list[SavedSearch]:
        """All saved searches, in the order of their names' code points."""
        ...

    def saved_search(self, name: str) -> SavedSearch | None:
        """The saved search with that name."""
        ...

    def counts(self) -> tuple[int, int]:
        """How many clips and chunks are stored."""
        ...

    def version(self) -> int | None:
        """A number that every change of the clips changes; None where the engine has none, and
        whoever follows the store has to read it again. Judgements and searches may leave it."""
        return None

    def stored_bytes(self) -> int:
        """What all of it takes on disk."""
        ...

    def close(self) -> None:
        """Release the store. What was acknowledged is on disk already."""
        ...
