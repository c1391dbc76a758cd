"""Folders that stay indexed while they change."""

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from audio_search.audio.formats import is_sound
from audio_search.cli.connection import connect
from audio_search.cli.console import WrongUse, complain, counted, print_json
from audio_search.cli.index import Failures, LabelFrom, TagsOf
from audio_search.cli.options import Json, Url
from audio_search.client import Client, NoService, Refused
from audio_search.folders import files
from audio_search.folders.files import NoFiles, SoundFile
from audio_search.folders.ingest import Ingest, Wanted, forget, gone
from audio_search.folders.tally import Tally

if TYPE_CHECKING:
    from audio_search.folders.changes import Due

LOOK_EVERY_S = 0.25
LOOK_AT_ALL_S = 3600.0  # heals what was not told: lost events, folders of other machines
REST_S = 10.0  # after an error, before it is tried again


def watch(
    paths: Annotated[list[str], typer.Argument(metavar='PATH...', help='Folders.')],
    label_from: LabelFrom = None,
    settle: Annotated[
        float,
        typer.Option(
            metavar='SECONDS', min=0.0, help='How long a file has to stay the same to be whole.'
        ),
    ] = 2.0,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Keep folders indexed: new and changed files, renames and deletions. Ctrl-C stops it.

    Begins with what changed since the last time, but deletes nothing then: see index --prune.
    A renamed file keeps its tags. With --json, prints the counts after each change.

    \b
    Examples:
      audio-search watch birds
      audio-search watch birds bells --label-from folder --json
    """
    from audio_search.folders.changes import Changes

    try:
        folders = [os.path.realpath(path) for path in files.expand(paths)]
    except NoFiles as error:
        raise WrongUse(str(error)) from None
    for folder in folders:
        if not os.path.isdir(folder):
            raise WrongUse(f'{folder} is not a folder; name the one that it is in')
    tags_of = TagsOf(label_from, None)
    with ExitStack() as stack:
        client = stack.enter_context(connect(url))
        changes = stack.enter_context(Changes(folders, settle))
        watched = Watched(client, folders, tags_of, as_json)
        watched.look_at_all()
        complain(f'watching {", ".join(folders)}; Ctrl-C stops it')
        looked_at = time.monotonic()
        while True:
            time.sleep(LOOK_EVERY_S)
            if time.monotonic() - looked_at > LOOK_AT_ALL_S:
                attempt(watched.look_at_all)
                looked_at = time.monotonic()
            due = changes.due()
            if due.paths and not attempt(partial(watched.follow, due)):
                changes.again(due)
                time.sleep(REST_S)


def attempt(work: Callable[[], None]) -> bool:
    """Whether it is done; if not, why was said, and it may be done later."""
    try:
        work()
    except NoService as error:
        complain(str(error))
        return False
    except Refused as error:
        if error.status < 500:  # a wrong token does not become right
            raise
        complain(f'{error}; trying again')
        return False
    return True


class Watched:
    """What is done about changes in `folders`, given by their real paths."""

    def __init__(self, client: Client, folders: list[str], tags_of: TagsOf, as_json: bool) -> None:
        self._client = client
        self._folders = folders
        self._tags_of = tags_of
        self._as_json = as_json

    def look_at_all(self) -> None:
        """Index whatever is new or changed, and say how many clips' files are gone."""
        tally = Tally()

        def unreadable(folder: str, why: str) -> None:
            complain(f'the folder {folder} cannot be read ({why}); it is left out')

        self._ingest(tally).run(self._tags_of(files.find(self._folders, unreadable)))
        missing = sum(len(gone(self._client, folder)) for folder in self._folders)
        if missing:
            complain(
                f'the files of {counted(missing, "clip")} are gone; `audio-search index '
                f'{" ".join(self._folders)} --prune` deletes them'
            )
        self._report(tally)

    def follow(self, due: 'Due') -> None:
        """Bring what changed into the index."""
        tally = Tally()
        self._index(due, tally)
        self._forget(due, tally)
        self._report(tally)

    def _index(self, due: 'Due', tally: Tally) -> None:
        found: dict[str, SoundFile] = {}
        for path in due.paths:
            if self._is_hidden(path):
                continue
            if os.path.isdir(path):
                found.update({file.name: file for file in files.find([path])})
            elif is_sound(path) and os.path.exists(path):
                found[path] = files.named(path)
        placed = [replace(file, folder=self._folder_of(file.name)) for file in found.values()]
        tags = self._tags_before_moves({new: old for new, old in due.moves.items() if new in found})
        wanted = self._tags_of(placed)
        self._ingest(tally).run(
            Wanted(one.file, tags.get(one.file.name, {}) | one.tags) for one in wanted
        )

    def _tags_before_moves(self, moves: dict[str, str]) -> dict[str, Any]:
        """The tags of files by their new paths; `moves` has the former ones."""
        if not moves:
            return {}
        known = self._client.known([{'uri': old} for old in moves.values()])
        return {new: answer['tags'] or {} for new, answer in zip(moves, known, strict=True)}

    def _forget(self, due: 'Due', tally: Tally) -> None:
        left = [path for path in {*due.paths, *due.moves.values()} if not os.path.lexists(path)]
        answers = self._client.known([{'uri': path} for path in left]) if left else []
        ids = [answer['id'] for answer in answers if answer['state'] == 'missing']
        for path in left:
            if not is_sound(path):  # it may have been a folder
                ids += gone(self._client, path)
        if ids:
            tally.pruned = forget(self._client, dict.fromkeys(ids))

    def _ingest(self, tally: Tally) -> Ingest:
        return Ingest(self._client, tally, Failures(None))

    def _folder_of(self, path: str) -> str:
        return next(f for f in self._folders if path.startswith(os.path.join(f, '')))

    def _is_hidden(self, path: str) -> bool:
        below = os.path.relpath(path, self._folder_of(path)) if path not in self._folders else ''
        return any(name.startswith('.') for name in below.split(os.sep))

    def _report(self, tally: Tally) -> None:
        changed = [row for row in tally.rows() if row[0] != 'unchanged' and row[1] != '0']
        if changed:
            complain(', '.join(f'{name.strip()}: {count}' for name, count in changed))
        if self._as_json and (changed or tally.unchanged):
            print_json(tally.as_dict())
