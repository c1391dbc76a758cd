"""What kinds of errors there are, from where they are raised to where they are answered."""

from enum import StrEnum


class Kind(StrEnum):
    """Why a request, or one clip of it, failed. Whoever answers turns it into a status."""

    MISSING = 'missing'  # what was named is not there
    UNUSABLE = 'unusable'  # it is there, and no sound can be read from it
    STORAGE = 'storage'  # the disk or the index refused to read or write
    REFUSED = 'refused'  # what was asked for is not allowed, or not of the form
