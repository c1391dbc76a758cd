"""The kinds of things that go wrong.

An error gets its kind where it is raised, since only there the reason is known. What a kind means
to a client, such as an HTTP status, is decided in one table at that client's edge.
"""

from enum import StrEnum

RETRY_S = 2  # what is down is asked again after


class Kind(StrEnum):
    """Why something could not be done."""

    MISSING = 'missing'  # there is no such clip
    UNUSABLE = 'unusable'  # the document or its sound cannot be used
    INVALID = 'invalid'  # the request is not of the form it should have
    NOT_ACCEPTABLE = 'not_acceptable'  # it wants an answer in a form that there is not
    REFUSED = 'refused'  # outside the folders that may be read
    STORAGE = 'storage'  # the disk is full, or the index cannot be read or written
    DOWN = 'down'  # the server that keeps the index does not answer; it is found again by itself
    TOO_LARGE = 'too_large'  # over a limit of the service
    BUSY = 'busy'  # too much is running already
    LATE = 'late'  # not done in time


class RequestError(Exception):
    """A whole request that is refused, with one sentence that says what to do."""

    def __init__(self, kind: Kind, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.retry_after_s = RETRY_S if kind is Kind.DOWN else retry_after_s
