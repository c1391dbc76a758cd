"""What became of the files of a run."""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audio_search.folders.files import SoundFile

Failed = Callable[[SoundFile, str], None]


@dataclass
class Tally:
    """Counts of clips. `reasons` counts those that failed; `sound_s` is the sound indexed."""

    indexed: int = 0
    unchanged: int = 0
    replaced: int = 0
    retagged: int = 0  # of the unchanged ones
    pruned: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    sound_s: float = 0.0
    under_way: dict[str, float] = field(default_factory=dict)  # long recordings: how much is kept
    begun: float = field(default_factory=time.monotonic)

    @property
    def failed(self) -> int:
        return self.reasons.total()

    @property
    def done(self) -> int:
        return self.indexed + self.unchanged + self.replaced + self.failed

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.begun

    def fail(self, file: SoundFile, error: str) -> None:
        self.reasons[reason(file, error)] += 1

    def as_dict(self) -> dict[str, Any]:
        return {
            'indexed': self.indexed,
            'unchanged': self.unchanged,
            'replaced': self.replaced,
            'retagged': self.retagged,
            'pruned': self.pruned,
            'failed': self.failed,
            'reasons': dict(self.reasons.most_common()),
            'sound_s': round(self.sound_s, 3),
            'seconds': round(self.elapsed_s, 3),
        }

    def rows(self) -> list[tuple[str, str]]:
        """For a table: what became of the clips, and how many they are."""
        counts = {'indexed': self.indexed, 'unchanged': self.unchanged, 'replaced': self.replaced}
        for name, count in (('with new tags', self.retagged), ('deleted', self.pruned)):
            if count:
                counts[name] = count
        counts['failed'] = self.failed
        counts.update({f'  {why}': count for why, count in self.reasons.most_common()})
        return [(name, f'{count:,}') for name, count in counts.items()]


def reason(file: SoundFile, error: str) -> str:
    """An error without the name of its file and without what to do: equal for equal reasons."""
    name = file.path.rpartition('/')[2]
    text = re.sub(r'\S*' + re.escape(name) + r'\S*', 'the file', error, count=1)
    return text.partition(';')[0].strip()
