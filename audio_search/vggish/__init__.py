"""VGGish: sound as one 128-d vector for each 0.96 s (Hershey et al., ICASSP 2017).

    sound = Sound(samples, sample_rate_hz)
    model = VGGish(Path('models'))
    front_end = FrontEnd()
    count = examples_of(4)
    vectors = model.embed([front_end.inputs(sound, location, count) for location in windows])

Knows nothing of Jina. Names are imported when they are first used: TensorFlow comes with `VGGish`
alone, so processes that only ask about weights or sizes stay small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_search.vggish.front_end import FrontEnd as FrontEnd
    from audio_search.vggish.front_end import FrontEndError as FrontEndError
    from audio_search.vggish.front_end import Input as Input
    from audio_search.vggish.model import VGGish as VGGish
    from audio_search.vggish.sizes import dimensions as dimensions
    from audio_search.vggish.sizes import examples_of as examples_of
    from audio_search.vggish.sound import Sound as Sound
    from audio_search.vggish.waveform import WaveformError as WaveformError

_MODULES = {
    'FrontEnd': 'front_end',
    'FrontEndError': 'front_end',
    'Input': 'front_end',
    'Sound': 'sound',
    'VGGish': 'model',
    'WaveformError': 'waveform',
    'dimensions': 'sizes',
    'examples_of': 'sizes',
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)
