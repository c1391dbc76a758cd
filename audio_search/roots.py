"""The folders audio may be read from, and names that keep uris the same wherever those are."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


class Roots(tuple[Path, ...]):
    """Resolved folders, looked up in order; `names` are those of the folders that have one.

    A file below a named folder is called NAME/PATH, and its clip's id is made from that. So an
    index goes with its library to another folder or machine: the name is given to the new place.
    """

    names: Mapping[str, Path]

    def __new__(
        cls, folders: Iterable[Path] = (), names: Mapping[str, Path] | None = None
    ) -> 'Roots':
        made = super().__new__(cls, folders)
        made.names = dict(names or {})
        return made

    def with_folder(self, folder: Path) -> 'Roots':
        """These and one more, looked up last."""
        return Roots((*self, folder), self.names)

    def candidates(self, name: str) -> Iterator[Path]:
        """Where a file called `name` may be, in order: below the folder that has the name of its
        first part, then below each folder."""
        first, _, rest = name.partition('/')
        if rest and first in self.names:
            yield self.names[first] / rest
        for root in self:
            yield root / name

    def names_of(self, path: Path) -> list[str]:
        """What a file at `path` may be called: by the name of its folder, else relative to one."""
        place = self.place(path)
        named = [] if place == str(path) else [place]
        unnamed = [root for root in self if root not in self.names.values()]
        relative = [path.relative_to(root) for root in unnamed if path.is_relative_to(root)]
        return [*named, *(name.as_posix() for name in relative)]

    def place(self, path: Path) -> str:
        """What a file is known by: NAME/PATH where the innermost of these folders that it is below
        has a name, else its own path. Uploads below a folder that has a name are not called by it.
        """
        if not self.names:  # most have none, and a library of a million files asks for each
            return str(path)
        called = {folder: name for name, folder in self.names.items()}
        around = [root for root in self if path.is_relative_to(root)]
        innermost = max(around, key=lambda root: len(root.parts), default=None)
        if innermost is None or innermost not in called:
            return str(path)
        return f'{called[innermost]}/{path.relative_to(innermost).as_posix()}'
