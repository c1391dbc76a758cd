"""Groups of clips that are one recording, and which of each to keep."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from audio_search.audio import sources
from audio_search.audio.decoding import AudioError
from audio_search.audio.headers import Header, read_header
from audio_search.duplicates.candidates import Pair, candidate_pairs
from audio_search.duplicates.fingerprints import fingerprint, has_features, similarity
from audio_search.roots import Roots
from audio_search.store import Entry
from audio_search.store.sqlite.reading import Reading

# Calibrated on the 60 clips of toy-data and 7 copies of each (mp3 of 64 kbit/s, ogg, m4a, -20 dB,
# and cuts of 0.5 and 0.9 s); docs/duplicates.md has the figures.
MAX_DISTANCE = 0.45  # of candidates: the copy that is farthest, after a cut of 0.9 s, is at 0.42
# Candidates of each clip; a copy that is farther is found through one that is nearer. In means an
# mp3 of 64 kbit/s of the sea has 14 other sounds of the sea nearer to it than itself.
PER_CLIP = {'concat': 10, 'mean': 25}
MIN_SIMILARITY = 0.65  # copies have at least 0.85, different recordings at most 0.44
# Most candidates are told apart by their beginnings already, in half the time for clips of 10 s.
# There copies have at least 0.85 too, different recordings at most 0.63.
BEGINNING_S = 4.0
MIN_BEGINNING_SIMILARITY = 0.6
# Where the sound cannot be compared, because a file is gone or it is a steady tone. Different
# recordings are at least 0.10 apart; a copy with a cut is not found so.
SURE_DISTANCE = 0.05

BATCH_PAIRS = 256  # whose files are read side by side
MAX_KEPT_BYTES = 256 << 20  # of fingerprints: 5 kB per s of sound


@dataclass(frozen=True)
class Member:
    """A clip of a group. `header` is None where its file is gone; `keep` marks the one suggested:
    the longest, of these the one with the highest rate, most channels and largest file, of these
    the one stored first."""

    id: str
    uri: str | None
    header: Header | None
    keep: bool


@dataclass(frozen=True)
class Group:
    """At least two clips that are one recording, in the order they were stored."""

    clips: tuple[Member, ...]


def _untracked(starts: Sequence[int]) -> Iterable[int]:
    return starts


def find_groups(
    index: Reading,
    roots: Roots,
    track: Callable[[Sequence[int]], Iterable[int]] = _untracked,
) -> list[Group]:
    """All groups of the index, in the order of their first clips. Files are looked up below
    `roots`. `track` gives back the batches of files that are read, one by one, and may show how far
    they are.

    Raises IndexFileError.
    """
    sets = _Sets()
    pairs = candidate_pairs(index, MAX_DISTANCE, PER_CLIP[index.configuration.pooling])
    with ThreadPoolExecutor() as pool:
        sounds = _Sounds(index, roots, pool)
        for start in track(range(0, len(pairs), BATCH_PAIRS)):
            batch = [
                pair
                for pair in pairs[start : start + BATCH_PAIRS]
                if sets.root(pair.first) != sets.root(pair.second)
            ]
            for pair in sounds.one_recording(batch):
                sets.unite(sets.root(pair.first), sets.root(pair.second))
    return [_group(index, numbers, roots) for numbers in sets.groups()]


class _Sets:
    """Disjoint sets of numbers; the root of a set is its smallest."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}

    def root(self, number: int) -> int:
        path = []
        while (parent := self._parents.get(number, number)) != number:
            path.append(number)
            number = parent
        for passed in path:
            self._parents[passed] = number
        return number

    def unite(self, first: int, second: int) -> None:
        """Put the sets with these roots together."""
        low, high = sorted((first, second))
        if low != high:
            self._parents[high] = low

    def groups(self) -> list[list[int]]:
        """The sets of two and more."""
        members: dict[int, list[int]] = {}
        for number in sorted(self._parents):
            root = self.root(number)
            members.setdefault(root, [root]).append(number)
        return [members[root] for root in sorted(members)]


class _Sounds:
    """The sound of clips, read when it is needed and kept while there is room."""

    def __init__(self, index: Reading, roots: Roots, pool: ThreadPoolExecutor) -> None:
        self._index = index
        self._roots = roots
        self._pool = pool
        self._beginnings: dict[int, np.ndarray | None] = {}
        self._wholes: dict[int, np.ndarray | None] = {}

    def one_recording(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Those pairs that are one recording."""
        self._read(pairs, self._beginnings, BEGINNING_S)
        likely = [
            pair
            for pair in pairs
            if self._are_similar(pair, self._beginnings, MIN_BEGINNING_SIMILARITY) is not False
        ]
        self._read(likely, self._wholes, None)
        found = []
        for pair in likely:
            similar = self._are_similar(pair, self._wholes, MIN_SIMILARITY)
            if similar or (similar is None and pair.distance <= SURE_DISTANCE):
                found.append(pair)
        return found

    def _are_similar(
        self, pair: Pair, kept: dict[int, np.ndarray | None], minimum: float
    ) -> bool | None:
        """None where the sound cannot say."""
        first, second = kept[pair.first], kept[pair.second]
        if first is None or second is None:
            return None
        return similarity(first, second) >= minimum

    def _read(
        self, pairs: Sequence[Pair], kept: dict[int, np.ndarray | None], max_s: float | None
    ) -> None:
        """Read the sound of clips that are not kept, on all cores."""
        if sum(one.nbytes for one in kept.values() if one is not None) > MAX_KEPT_BYTES:
            kept.clear()
        numbers = dict.fromkeys(number for pair in pairs for number in (pair.first, pair.second))
        missing = [number for number in numbers if number not in kept]
        uris = [self._index.entry(number).uri for number in missing]
        read = self._pool.map(lambda uri: self._fingerprint(uri, max_s), uris)
        kept.update(zip(missing, read, strict=True))

    def _fingerprint(self, uri: str | None, max_s: float | None) -> np.ndarray | None:
        try:
            source = sources.resolve(uri or '', self._roots)
            end_s = source.end_s
            if max_s is not None:
                end_s = min(source.beg_s + max_s, np.inf if end_s is None else end_s)
            made = fingerprint(source.path, source.beg_s, end_s)
            return made if has_features(made) else None
        except (sources.MediaError, AudioError):
            return None


def _group(index: Reading, numbers: list[int], roots: Roots) -> Group:
    entries = [index.entry(number) for number in numbers]
    files = [_file(entry, roots) for entry in entries]
    best = max(range(len(entries)), key=lambda place: (*_rank(files[place]), -place))
    return Group(
        tuple(
            Member(entry.id, entry.uri, file[0] if file else None, place == best)
            for place, (entry, file) in enumerate(zip(entries, files, strict=True))
        )
    )


def _file(entry: Entry, roots: Roots) -> tuple[Header, int] | None:
    """The header and the size of the clip's file; of a part, its own length."""
    try:
        source = sources.resolve(entry.uri or '', roots)
        header = read_header(source.path)
    except (sources.MediaError, AudioError):
        return None
    end_s = min(header.duration_s, source.end_s or header.duration_s)
    part = Header(max(0.0, end_s - source.beg_s), header.rate_hz, header.channels)
    return part, source.size


def _rank(file: tuple[Header, int] | None) -> tuple[float, int, int, int]:
    if file is None:
        return (-1.0, 0, 0, 0)
    header, size = file
    # A codec pads by some ms: that makes no copy the longer one.
    return (round(header.duration_s, 1), header.rate_hz, header.channels, size)
