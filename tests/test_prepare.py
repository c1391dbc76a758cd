"""What the process preparation changes for docarray and jina to work."""

import audio_search.prepare  # noqa: F401  before docarray

# isort: split
from typing import Generic, Optional, TypeVar

from docarray import BaseDoc, DocList

T = TypeVar('T', bound=BaseDoc)


class Answer(BaseDoc, Generic[T]):
    """A document generic in its documents, as jina declares its own."""


def test_a_generic_list_of_documents_can_be_specialised() -> None:
    # typing substitutes T by subscripting the alias again; docarray's alias fails there on 3.12.
    docs = Optional[DocList[T]]  # noqa: UP045  an alias of typing's is what is tested
    assert BaseDoc in docs[BaseDoc].__args__[0].__args__
