"""URL paths that more than one part of the service names; see http/paths for all others."""

from urllib.parse import quote

PAGE = '/ui'


def audio_path(id_: str) -> str:
    """The path at which the gateway serves the sound of an indexed clip."""
    return f'/audio/{quote(id_, safe="")}'
