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


def check(flow: Flow) -> Weights | None:
    """The weights that the Flow will use, after a look at them, at its index and at its port; None
    where its encoder runs elsewhere.

    Everything is taken from the Flow's own arguments, so that what is checked is what is used. What
    runs elsewhere, or keeps its clips in no file here, looks for itself when it starts. Raises
    WeightsError, IndexFileError or PortTaken. Changes nothing.
    """
    chosen = None
    if indexer := arguments(flow, 'indexer'):
        chosen = weights.find(Path(indexer['model_path']), indexer['weights'])
        checkpoint.check(chosen)
        names = inspect.signature(configuration).parameters
        made = configuration(**{name: indexer[name] for name in names if name in indexer})
        if 'path' in indexer:
            check_index(Path(indexer['path']), made)
    port.check(flow.host, flow.port)
    return chosen


def arguments(flow: Flow, executor: str) -> dict[str, Any]:
    """What flow.yml gives to the executor of this name under `uses_with`; nothing for one that runs
    elsewhere."""
    found = next(deployment for name, deployment in flow if name == executor)
    return {} if found.external else dict(found.args.uses_with)
