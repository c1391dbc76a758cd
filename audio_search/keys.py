"""Keys of a request, and what is said of one that means nothing."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from audio_search.audio.sources import shorten


def unknown_key(key: str, known: Iterable[str], elsewhere: Mapping[str, str]) -> str:
    """What is said of a key that means nothing where it stands. `elsewhere` says where other keys
    belong."""
    shown = shorten(repr(key), 60)
    if key in elsewhere:
        return f'{shown} belongs in {elsewhere[key]}'
    known = sorted(known)
    if near := get_close_matches(key, [*known, *elsewhere], n=1):
        place = f', in {elsewhere[near[0]]}' if near[0] not in known else ''
        return f'{shown} is unknown; the nearest key is {near[0]!r}{place}'
    return f'{shown} is unknown; ' + (f'known are {", ".join(known)}' if known else 'leave it out')
