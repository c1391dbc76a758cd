"""How well the search finds what sounds alike, measured on labelled sounds.

    from audio_search.evaluation import evaluate

    result = evaluate('toy-data', with_stress=True)
    result.as_dict()['p_at_1']

Knows nothing of Jina. TensorFlow is loaded when something is encoded.
"""

from audio_search.evaluation.choices import Choices
from audio_search.evaluation.errors import EvaluationError
from audio_search.evaluation.evaluation import Evaluation, evaluate
from audio_search.evaluation.labels import LabelSource

__all__ = ['Choices', 'Evaluation', 'EvaluationError', 'LabelSource', 'evaluate']
