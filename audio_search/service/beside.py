"""What is kept beside clips: judgements of them, and searches with a name."""

from audio_search.service.admission import Admission
from audio_search.service.judgements import Judgements
from audio_search.service.pipeline import Pipeline
from audio_search.service.searches import Searches


class Beside:
    """Both, for whoever asks the service; at most `max_at_once` judgements come in one request."""

    def __init__(self, pipeline: Pipeline, admission: Admission, max_at_once: int) -> None:
        self.judgements = Judgements(pipeline, admission, max_at_once)
        self.searches = Searches(pipeline, admission)
