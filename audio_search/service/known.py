"""What is stored of many files, and which of them changed since."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audio_search.audio import sources
from audio_search.audio.sources import MediaError, Source
from audio_search.roots import Roots
from audio_search.service.requests import ClipRequest
from audio_search.service.views import KnownClip, State

Found = Source | MediaError | None
Name = tuple[str | None, str | None]  # id, uri


async def find_known(
    ask: Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]],
    requests: Sequence[ClipRequest],
    roots: Roots,
) -> list[KnownClip]:
    """What is stored of each clip, and whether its file changed since. `ask(endpoint, parameters)`
    is for the indexer."""
    files, names = await asyncio.to_thread(_look_up, requests, roots)
    found = await ask('/clips', {'names': json.dumps(names)})
    stored, kept = json.loads(found['clips']), json.loads(found['kept'])
    return await asyncio.to_thread(
        lambda: [
            replace(_compare(*known, roots), kept=share)
            for known, share in zip(
                zip(requests, files, names, stored, strict=True), kept, strict=True
            )
        ]
    )


def _look_up(requests: Sequence[ClipRequest], roots: Roots) -> tuple[list[Found], list[Name]]:
    """The file of each request, why there is none, or None for one without a uri; and the id and
    uri under which the index may have it.

    A file has the id that is made from its path. Its uri, which takes longer to find than the clip,
    is needed only for those that are not there.
    """
    files: list[Found] = []
    names: list[Name] = []
    for request in requests:
        file = _file(request.uri, roots)
        files.append(file)
        if isinstance(file, Source):
            names.append((request.id, file.relative_uri(roots)) if request.id else (file.id, None))
        else:
            names.append((request.id, request.uri and sources.stored_uri(request.uri, roots)))
    return files, names


def _file(uri: str | None, roots: Roots) -> Found:
    if uri is None:
        return None
    try:
        return sources.resolve(uri, roots)
    except MediaError as error:
        return error


def _compare(
    request: ClipRequest, file: Found, name: Name, clip: dict[str, Any] | None, roots: Roots
) -> KnownClip:
    error = str(file) if isinstance(file, MediaError) else None
    if clip is None or (error and _is_of_another_file(request, clip, roots)):
        return KnownClip(request.id, name[1] or request.uri, None, None, State.NEW, error)
    state = State.STORED
    if clip['has_file'] and file is not None:
        state = State.MISSING
        if isinstance(file, Source):
            try:
                is_same = file.is_unchanged_since(clip['source'])
                state = State.UNCHANGED if is_same else State.CHANGED
            except OSError as failure:
                error = f'{request.uri} cannot be read ({failure.strerror})'
    return KnownClip(clip['id'], clip['uri'], clip['tags'], clip['chunk_count'], state, error)


def _is_of_another_file(request: ClipRequest, clip: dict[str, Any], roots: Roots) -> bool:
    """Whether the clip with the uri of a path that leads nowhere is that of a file below another
    root: files that are gone from two roots may have had one name."""
    place = _place_of(request.uri, roots)
    return place is not None and bool(clip['source']) and clip['source'].get('path') != place


def _place_of(uri: str | None, roots: Roots) -> str | None:
    """What the file of an absolute uri is known by, with links followed; None for any other."""
    try:
        name = sources.split_fragment(uri or '')[0]
        return roots.place(Path(os.path.realpath(name))) if os.path.isabs(name) else None
    except ValueError:
        return None
