"""How the vectors of a Flow are made, as the index records it."""

from pathlib import Path

from audio_search.store import Configuration
from audio_search.vggish import FrontEnd, dimensions
from audio_search.vggish import weights as vggish_weights


def configuration(
    model_path: str,
    weights: str,
    pooling: str,
    window_size: float,
    stride: float,
    padding: str = FrontEnd.padding,
    lift_to_dbfs: float | None = FrontEnd.lift_to_dbfs,
    silence: str = FrontEnd.silence,
) -> Configuration:
    """The configuration of an indexer with these arguments; `window_size` and `stride` in s.

    Raises ValueError (WeightsError where the weights cannot be used).
    """
    front_end = FrontEnd(padding, lift_to_dbfs, silence)
    found = vggish_weights.find(Path(model_path), weights)
    return Configuration(
        model_name=found.name,
        model_sha256=found.sha256,
        pooling=pooling,
        dimensions=dimensions(pooling, window_size),
        window_s=float(window_size),
        stride_s=float(stride),
        padding=front_end.padding,
        lift_to_dbfs=None if front_end.lift_to_dbfs is None else float(front_end.lift_to_dbfs),
        silence=front_end.silence,
    )
