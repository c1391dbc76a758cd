"""TensorFlow, imported quietly and without what VGGish does not use; devices and precisions."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits

from audio_search.vggish.parameters import PRECISIONS


def _import_tensorflow() -> ModuleType:
    # Before the import, which reads them: no notes on CPU instructions, oneDNN and absent GPUs.
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    # TensorFlow loads Keras, and with it pandas, though nothing here is a Keras model: 110 MB and a
    # third of the time. It does without where importing Keras fails, so that is what it finds.
    hidden = [name for name in ('keras', 'tf_keras') if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        import tensorflow
    finally:
        for name in hidden:
            del sys.modules[name]
    for gpu in tensorflow.config.list_physical_devices('GPU'):
        # Otherwise TensorFlow takes all of the memory at once.
        tensorflow.config.experimental.set_memory_growth(gpu, True)
    return tensorflow


tf: Any = _import_tensorflow()

# numpy's BLAS keeps its threads spinning for some 25 ms after each product, on the cores that
# TensorFlow is about to use: encoding one clip took nearly twice as long.
threadpool_limits(limits=1, user_api='blas')

# What /proc/cpuinfo calls the instructions that multiply bfloat16: AVX512-BF16 and AMX.
BFLOAT16_FLAGS = frozenset({'avx512_bf16', 'amx_bf16'})


class RuntimeSettingError(ValueError):
    """A device or precision this machine does not have; the message names those it has."""


def choose_device(device: str) -> str:
    """`auto` (the first GPU, else the CPU) or a name such as /GPU:0 -> a device that is there."""
    present = [d.name.removeprefix('/physical_device:') for d in tf.config.list_physical_devices()]
    names = ['/' + name for name in present if name.startswith(('CPU:', 'GPU:'))]
    if device == 'auto':
        return '/GPU:0' if '/GPU:0' in names else '/CPU:0'
    if device.upper() not in names:
        raise RuntimeSettingError(
            f'The device {device!r} is not there; this machine has {", ".join(names)}: '
            'choose one of these, or auto'
        )
    return device.upper()


def choose_precision(precision: str, device: str, flags: frozenset[str] | None = None) -> str:
    """`auto` -> bfloat16 where the device multiplies it in hardware, else float32.

    `flags` are the CPU's instruction sets, by default those of this one.
    """
    if precision not in PRECISIONS:
        raise RuntimeSettingError(
            f'The precision {precision!r} is unknown; choose one of {", ".join(PRECISIONS)}'
        )
    flags = cpu_flags() if flags is None else flags
    able = device.startswith('/GPU') or bool(BFLOAT16_FLAGS & flags)
    if precision == 'bfloat16' and not able:
        raise RuntimeSettingError(
            'The precision bfloat16 needs a CPU with AVX512-BF16 or AMX, or a GPU; '
            'choose float32 or auto'
        )
    if precision == 'auto':
        return 'bfloat16' if able else 'float32'
    return precision


def cpu_flags() -> frozenset[str]:
    """The instruction sets of this CPU as Linux names them; empty where it cannot be asked."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith('flags')), '')
    return frozenset(flags.partition(':')[2].split())
