"""Clips and parts of them, as a user names them on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from audio_search.audio.sources import MediaError, split_fragment
from audio_search.cli.connection import uri_of
from audio_search.client import Client


@dataclass(frozen=True)
class Named:
    """What a name is of: a stored clip, or a part of one in seconds; `id` is None where nothing
    that is stored has this name."""

    name: str
    id: str | None
    uri: str | None
    part: tuple[float, float] | None = None


def find_named(client: Client, names: Sequence[str]) -> list[Named]:
    """Each name: an id, a uri, or the path of a file, perhaps with #t=BEGIN,END (s).

    A clip that is called so as a whole, because it was indexed as a part of a file, goes first.
    """
    if not names:
        return []
    whole = client.known([{'id': name, 'uri': uri_of(name)} for name in names])
    cut = [_cut(name) for name in names]
    rests = [name for name, part in cut if part]
    parts = iter(
        client.known([{'id': name, 'uri': uri_of(name)} for name in rests]) if rests else ()
    )
    found = []
    for name, clip, (_, part) in zip(names, whole, cut, strict=True):
        of_part = next(parts) if part else None
        if clip['chunk_count'] is not None:
            found.append(Named(name, clip['id'], clip['uri']))
        elif of_part and of_part['chunk_count'] is not None:
            found.append(Named(name, of_part['id'], of_part['uri'], part))
        else:
            found.append(Named(name, None, None))
    return found


def _cut(name: str) -> tuple[str, tuple[float, float] | None]:
    """'a.wav#t=4,8' -> ('a.wav', (4.0, 8.0)); None without a part, or with one that has no end."""
    try:
        rest, beg_s, end_s = split_fragment(name)
    except MediaError:
        return name, None
    return (name, None) if end_s is None else (rest, (beg_s, end_s))
