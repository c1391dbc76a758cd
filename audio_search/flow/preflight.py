"""What can refuse a start, looked at before any process is started."""

import inspect
from pathlib import Path
from typing import Any

from jina import Flow

from audio_search.flow import port
from audio_search.flow.configuration import configuration
from audio_search.store.sqlite import check as check_index
from audio_search.vggish import checkpoint, weights
from audio_search.vggish.weights import Weights


def check(flow: Flow) -> Weights:
    """The weights that the Flow will use, after a look at them, at its index and at its port.

    Everything is taken from the Flow's own arguments, so that what is checked is what is used.
    Raises WeightsError, IndexFileError or PortTaken. Changes nothing.
    """
    indexer = arguments(flow, 'indexer')
    chosen = weights.find(Path(indexer['model_path']), indexer['weights'])
    checkpoint.check(chosen)
    names = inspect.signature(configuration).parameters
    made = configuration(**{name: indexer[name] for name in names if name in indexer})
    check_index(Path(indexer['path']), made)
    port.check(flow.host, flow.port)
    return chosen


def arguments(flow: Flow, executor: str) -> dict[str, Any]:
    """What flow.yml gives to the executor of this name under `uses_with`."""
    return dict(next(deployment.args.uses_with for name, deployment in flow if name == executor))
