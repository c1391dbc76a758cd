"""Run the published smoke test on the official weights: do they give the published numbers?

python scripts/verify_model.py [--models FOLDER]
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from audio_search.environment import use_environment

use_environment()

import numpy as np

from audio_search.vggish import features, postprocessing, weights
from audio_search.vggish.parameters import SAMPLE_RATE_HZ
from audio_search.vggish.weights import WeightsError

TONE_HZ = 1000
TONE_S = 3
TOLERANCE = 0.1  # relative, as published


@dataclass(frozen=True)
class Statistic:
    """One of the four published numbers, and what the weights here give."""

    name: str
    expected: float
    found: float

    @property
    def passed(self) -> bool:
        return abs(self.found - self.expected) <= TOLERANCE * abs(self.expected)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 if the weights pass, else 1."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--models', type=Path, default=ROOT / 'models', help='where they are')
    models = parser.parse_args(arguments).models
    try:
        weights.find(models, 'official')
        return verify(models)
    except WeightsError as error:
        print(error, file=sys.stderr)
        return 1


def verify(models: Path, choice: str = 'official') -> int:
    """Print the four numbers beside the expected ones, and the verdict; 0 if they agree, else 1."""
    statistics = smoke_test(models, choice)
    print(f'{"1 kHz sine of 3 s":<32}{"expected":>12}{"found":>12}')
    for statistic in statistics:
        verdict = 'ok' if statistic.passed else 'wrong'
        print(f'{statistic.name:<32}{statistic.expected:>12g}{statistic.found:>12.4g}  {verdict}')
    passed = all(statistic.passed for statistic in statistics)
    print(
        'The published smoke test passed.'
        if passed
        else f'The published smoke test FAILED: these are not the {choice} VGGish weights, or they '
        'are not computed as published.'
    )
    return 0 if passed else 1


def smoke_test(models: Path, choice: str = 'official') -> list[Statistic]:
    """The numbers of vggish_smoke_test.py (tensorflow/models, research/audioset/vggish)."""
    # Imported here, since TensorFlow takes seconds and missing weights are told at once.
    from audio_search.vggish.model import VGGish

    model = VGGish(models, choice, precision='float32')
    times = np.arange(TONE_S * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * TONE_HZ * times).astype(np.float32)
    examples = features.examples(features.log_mel(tone))
    raw = model.raw(examples)
    quantized = postprocessing.quantize(model.project(examples))
    return [
        Statistic('embedding, mean', 0.000657, float(raw.mean())),
        Statistic('embedding, standard deviation', 0.343, float(raw.std())),
        Statistic('8-bit embedding, mean', 126.0, float(quantized.mean())),
        Statistic('8-bit embedding, std. deviation', 89.3, float(quantized.std())),
    ]


if __name__ == '__main__':
    sys.exit(main())
