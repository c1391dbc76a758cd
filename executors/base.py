"""What all executors of the Flow have in common."""

from typing import Any

from docarray import DocList
from jina import Executor, requests

from audio_search.documents import AudioClip
from audio_search.flow.children import end_with_parent


class FlowExecutor(Executor):
    """Ends with the process that started it, and passes on what it has no endpoint for.

    Jina starts a Flow only if every executor after one that serves an endpoint serves it too.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        end_with_parent()

    @requests
    def pass_on(self, docs: DocList[AudioClip], **kwargs: Any) -> DocList[AudioClip]:
        return docs
