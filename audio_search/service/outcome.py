"""What became of the documents of a request: an answer for each, or one refusal of them all."""

from collections.abc import Sequence

from audio_search.documents import AudioClip
from audio_search.errors import Kind, RequestError

# Where every document of a request fails for one of these reasons, the request does.
WHOLE_REQUEST = (Kind.MISSING, Kind.REFUSED, Kind.STORAGE, Kind.DOWN)


def check_outcome(clips: Sequence[AudioClip], reasons: Sequence[Kind] = WHOLE_REQUEST) -> None:
    """Raise RequestError where every document failed for the same of these reasons."""
    kinds = {clip.error_kind if clip.error else None for clip in clips}
    if len(kinds) == 1 and (kind := kinds.pop()) in reasons:
        assert kind
        more = f' (and so are the other {len(clips) - 1})' if len(clips) > 1 else ''
        raise RequestError(Kind(kind), (clips[0].error or '') + more)
