"""VGGish: sound as one 128-d vector for each 0.96 s (Hershey et al., ICASSP 2017).

    sound = Sound(samples, sample_rate_hz)
    model = VGGish(Path('models'))
    vectors = model.embed([inputs(sound, location, examples_of(4)) for location in windows])

Knows nothing of Jina. Names are imported when they are first used: TensorFlow comes with `VGGish`
alone, so processes that only ask about weights or sizes stay small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_search.vggish.front_end import Input as Input
    from audio_search.vggish.front_end import inputs as inputs
    from audio_search.vggish.front_end import inputs_of_log_mel as inputs_of_log_mel
    from audio_search.vggish.model import VGGish as VGGish
    from audio_search.vggish.sizes import dimensions as dimensions
    from audio_search.vggish.sizes import examples_of as examples_of
    from audio_search.vggish.sound import Sound as Sound
    from audio_search.vggish.waveform import WaveformError as WaveformError

_MODULES = {
    'Input': 'front_end',
    'Sound': 'sound',
    'VGGish': 'model',
    'WaveformError': 'waveform',
    'dimensions': 'sizes',
    'examples_of': 'sizes',
    'inputs': 'front_end',
    'inputs_of_log_mel': 'front_end',
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
