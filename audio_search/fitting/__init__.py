"""Sounds that are wanted, and sounds that are not -> one vector to search with.

    fitted = fit([Example(windows), Example(others, is_wanted=False)], background)
    fitted.vector  # compared with stored vectors by their cosine
    fitted.probability(1 - cosine)

Plain numpy and scikit-learn on vectors; knows neither stores nor documents.
"""

from audio_search.fitting.examples import Example, ExamplesError
from audio_search.fitting.fit import BACKGROUND_WINDOWS, Fitted, fit, load

__all__ = ['BACKGROUND_WINDOWS', 'Example', 'ExamplesError', 'Fitted', 'fit', 'load']
