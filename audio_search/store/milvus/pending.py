"""Judgements that a transaction adds and takes away, until it is applied."""

from audio_search.store.judgements import Judgement, JudgementKey
from audio_search.store.milvus.beside import Beside


class PendingJudgements:
    """Those that are kept on the server (`beside`), with the changes made so far."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._new: dict[JudgementKey, Judgement | None] = {}  # None: to be taken back
        self._forgotten: set[str] = set()  # clips, of which nothing on the server counts
        self._cleared = False

    def put(self, judgement: Judgement) -> None:
        self._new[judgement.key] = judgement

    def take_back(self, key: JudgementKey) -> bool:
        was_there = self._find(key) is not None
        self._new[key] = None
        return was_there

    def forget(self, clip_id: str) -> None:
        """What was judged of a clip."""
        for key in [key for key in self._new if key.clip_id == clip_id]:
            del self._new[key]
        self._forgotten.add(clip_id)

    def hand_over(self, former_id: str, clip_id: str) -> None:
        """What was judged of a clip becomes that of the one that takes its place, which keeps its
        own where both have the same."""
        kept = [] if self._is_forgotten(former_id) else self._beside.of_clip(former_id)
        found: dict[JudgementKey, Judgement | None] = {one.key: one for one in kept}
        found |= {key: one for key, one in self._new.items() if key.clip_id == former_id}
        for judgement in found.values():
            moved = judgement and judgement.of_clip(clip_id)
            if moved and self._find(moved.key) is None:
                self._new[moved.key] = moved
        self.forget(former_id)

    def clear(self) -> None:
        self._new.clear()
        self._forgotten.clear()
        self._cleared = True

    def apply(self) -> None:
        """Make the changes. Raises StorageError."""
        if self._cleared:
            self._beside.forget_all()
        self._beside.forget(sorted(self._forgotten))
        self._beside.put(one for one in self._new.values() if one)
        self._beside.take_back(key for key, one in self._new.items() if one is None)

    def _find(self, key: JudgementKey) -> Judgement | None:
        if key in self._new:
            return self._new[key]
        return None if self._is_forgotten(key.clip_id) else self._beside.judgement(key)

    def _is_forgotten(self, clip_id: str) -> bool:
        return self._cleared or clip_id in self._forgotten
