"""The one place where an evaluation's choices meet the front end of the network."""

from collections.abc import Callable, Sequence

from audio_search.evaluation.errors import EvaluationError
from audio_search.vggish.front_end import Input, inputs
from audio_search.vggish.sound import Sound

PADDINGS = ('repeat', 'silence')
SILENCES = ('zero', 'as_published')

# What the service does.
PADDING = 'silence'
LIFT_TO_DBFS: float | None = None
SILENCE = 'as_published'


def front_end(
    padding: str, lift_to_dbfs: float | None, silence: str
) -> Callable[[Sound, Sequence[int], int], Input]:
    """From a sound, a location in it and a count to the examples of one window.

    Raises EvaluationError for a combination that the service cannot do either.
    """
    if (padding, lift_to_dbfs, silence) != (PADDING, LIFT_TO_DBFS, SILENCE):
        raise EvaluationError(
            f'Only padding={PADDING}, lift=none and silence={SILENCE} can be measured; leave the '
            'others out'
        )
    return inputs
