"""What is asked on the page: examples, counter-examples and choices, as the browser sends them."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_search.page.text import Problem

KINDS = ('words', 'id', 'uri', 'own')
MAX_EXAMPLES = 50
MAX_JUDGED = 500
MAX_LIMIT = 50
MAX_TEXT = 4096
GREATEST_DISTANCE = 2.0


@dataclass(frozen=True)
class Example:
    """A sound or words to search with. `kind` says what `value` is: words, the id of an indexed
    clip, the uri of a file below the roots, or the path of a file that was sent to the page (own).
    """

    kind: str
    value: str
    name: str = ''

    @property
    def clip_id(self) -> str:
        """Of the clip, where `value` names one or a part of one, as in ID#t=4,8."""
        return self.value.partition('#t=')[0] if self.kind == 'id' else self.value

    @property
    def path(self) -> Path | None:
        return Path(self.value) if self.kind == 'own' else None


@dataclass(frozen=True)
class Asked:
    """A search: what matches should be like and unlike, and which are wanted.

    `right` and `wrong` are the windows of clips that were judged so, further examples and
    counter-examples; `label` is what they were judged to be an example of, as far as it was chosen.
    `is_doubtful_first` counts where a query is fitted to several.
    `among` are the ids of the only clips to search, `tags` the values of tags that a match has to
    have: of one tag any of them, of several tags one each. `max_distance` is a cosine distance.
    """

    like: tuple[Example, ...] = ()
    unlike: tuple[Example, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    limit: int = 5
    max_distance: float = GREATEST_DISTANCE
    exclude_self: bool = True
    among: tuple[str, ...] = ()
    right: tuple[Example, ...] = ()
    wrong: tuple[Example, ...] = ()
    label: str = ''
    is_doubtful_first: bool = False

    @property
    def judged(self) -> tuple[Example, ...]:
        return (*self.right, *self.wrong)

    @property
    def single(self) -> Example | None:
        """The only example, where there is one, no counter-example, and nothing was judged."""
        is_single = len(self.like) == 1 and not (self.unlike or self.judged)
        return self.like[0] if is_single else None

    def filter(self) -> dict[str, Any] | None:
        """The wanted tags and ids as a filter of clips."""
        fits = fitting(self.tags)
        if self.among:
            fits['$id'] = {'$in': list(self.among)}
        return fits or None


def fitting(tags: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Tags as a filter of clips: of one tag any of its values. What is chosen as text and may be a
    number is looked for as both."""
    wanted: dict[str, list[Any]] = {}
    for key, value in tags:
        wanted.setdefault(key, []).extend(_values(value))
    return {key: {'$in': values} for key, values in wanted.items() if not key.startswith('$')}


def read_asked(sent: str, folder: Path) -> Asked:
    """Read what box.js sends, a JSON object. Sounds that were sent to the page are in `folder`.
    Raises Problem for what the page itself would not send."""
    try:
        told = json.loads(sent)
        like = tuple(_example(one, folder) for one in told.get('like', ()))
        unlike = tuple(_example(one, folder) for one in told.get('unlike', ()))
        asked = Asked(
            like,
            unlike,
            tags=tuple((str(key), str(value)) for key, value in told.get('tags', ())),
            limit=max(1, min(MAX_LIMIT, int(told.get('limit', Asked.limit)))),
            max_distance=float(told.get('distance', GREATEST_DISTANCE)),
            exclude_self=bool(told.get('alone', True)),
            among=tuple(map(str, told.get('among', ()))),
            right=tuple(_example(one, folder) for one in told.get('right', ())),
            wrong=tuple(_example(one, folder) for one in told.get('wrong', ())),
            label=str(told.get('label', ''))[:MAX_TEXT].strip(),
            is_doubtful_first=told.get('order') == 'doubtful',
        )
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise Problem(f'This search cannot be read ({error}); start anew') from None
    if math.isnan(asked.max_distance):
        asked = replace(asked, max_distance=GREATEST_DISTANCE)
    if len(like) + len(unlike) > MAX_EXAMPLES or len(asked.judged) > MAX_JUDGED:
        raise Problem(
            f'A search can have {MAX_EXAMPLES} examples and {MAX_JUDGED} judgements; remove some'
        )
    return asked


def _example(told: dict[str, Any], folder: Path) -> Example:
    example = Example(str(told['kind']), str(told['value']), str(told.get('name', ''))[:MAX_TEXT])
    if example.kind not in KINDS or not example.value or len(example.value) > MAX_TEXT:
        raise ValueError('an example is not of a kind that is known')
    if example.path and not example.path.resolve().is_relative_to(folder.resolve()):
        raise ValueError('a sound is not one that was sent to this page')
    return example


def _values(value: str) -> list[Any]:
    """'2001' -> ['2001', 2001]."""
    try:
        read = json.loads(value)
    except ValueError:
        return [value]
    is_plain = isinstance(read, (int, float)) and math.isfinite(read)
    return [value, read] if is_plain else [value]
