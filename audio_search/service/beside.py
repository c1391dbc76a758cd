"""What is kept beside clips: judgements of them, and searches with a name."""

from typing import TYPE_CHECKING

from audio_search.service.judgements import Judgements
from audio_search.service.searches import Searches

if TYPE_CHECKING:
    from audio_search.service.service import AudioService


class Beside:
    """Both, for whoever asks the service."""

    def __init__(self, service: 'AudioService') -> None:
        self.judgements = Judgements(service)
        self.searches = Searches(service)
