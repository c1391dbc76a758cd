"""What all bodies of the HTTP API have in common."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    model_validator,
)

from audio_search.keys import unknown_key
from audio_search.store.records import MAX_DEPTH, check_json


def writable(value: Any) -> Any:
    """Refuse what JSON text cannot carry: NaN, infinities, and halves of surrogate pairs."""
    try:
        check_json(value)
    except ValueError:
        raise ValueError(
            'has a number or a character that JSON cannot carry, or is nested more than '
            f'{MAX_DEPTH} deep'
        ) from None
    return value


def no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError('is true or false; give a number')
    return value


def empty_for_null(value: Any) -> Any:
    return {} if value is None else value


Text = Annotated[str, AfterValidator(writable)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(empty_for_null), AfterValidator(writable)]
Number = Annotated[float | None, BeforeValidator(no_boolean)]
Null = BeforeValidator(empty_for_null)
Data = BeforeValidator(lambda value: [] if value is None else value)


class Body(BaseModel):
    """A part of a request. An unknown key is refused: whoever misspells one would wait in vain for
    what it does."""

    model_config = ConfigDict(extra='ignore')
    passed: ClassVar[Iterable[str]] = ()  # sent by Jina's clients, and of no meaning here
    read_only: ClassVar[Iterable[str]] = ()  # in answers; clients send them empty
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode='before')
    @classmethod
    def _check_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for key in sorted(value.keys() - cls.model_fields.keys() - set(cls.passed)):
            if key in cls.read_only and not value[key]:
                continue
            if key in cls.read_only and key not in cls.elsewhere:
                raise ValueError(f'{key!r} is set by the service; leave it out')
            raise ValueError(unknown_key(key, cls.model_fields, cls.elsewhere))
        return value
