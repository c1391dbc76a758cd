"""The defaults of a search, as flow.yml gives them to indexer and ranker."""

from dataclasses import dataclass, fields
from typing import Any

TRAVERSALS = ('c', ['c'])
MATCHES = ('window', 'example')
DOUBTFUL = 'doubtful'  # as `order` of a search
CSLS = 'csls'  # as `hubness` of a search, and among the scores of its matches


@dataclass(frozen=True)
class MatchArgs:
    """`limit` clips per query (or chunks, with `distinct: false`); `ann` searches approximately."""

    limit: int = 5
    distinct: bool = True
    ann: bool = False

    @classmethod
    def parse(cls, args: dict[str, Any] | None) -> 'MatchArgs':
        """Raise ValueError for an argument that is not known or cannot be used, by its name."""
        args = dict(args or {})
        # The original indexer's names for "the chunks", kept so that its YAML still loads.
        for name in ('traversal_rdarray', 'traversal_ldarray'):
            check_traversal(f'match_args {name}', args.pop(name, None))
        known = [field.name for field in fields(cls)]
        for name, value in args.items():
            if name not in known:
                raise ValueError(f'match_args has no {name}; it takes {", ".join(known)}')
            if name != 'limit' and not isinstance(value, bool):
                raise ValueError(f'match_args {name} is {value!r}; set it to true or false')
        return cls(**args | {'limit': parse_limit(args.get('limit', cls.limit))})


def parse_limit(value: Any) -> int:
    """A whole number from 1 on; parameters arrive as floats. Raises ValueError."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or value < 1 or value % 1:
        raise ValueError(f'limit is {value!r}; set it to a whole number from 1 on')
    return int(value)


def parse_match(value: Any) -> str:
    """What is compared, window or example. Raises ValueError."""
    if value not in MATCHES:
        raise ValueError(f'match is {value!r}; set it to {" or ".join(MATCHES)}')
    return str(value)


def check_traversal(name: str, value: Any) -> None:
    """Raise ValueError for anything but the chunks, the only level that is matched."""
    if value is not None and value not in TRAVERSALS:
        raise ValueError(f"{name} is {value!r}; only 'c', the chunks, can be matched")
