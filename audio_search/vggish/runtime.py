"""TensorFlow and TF-Slim, imported quietly and without what VGGish does not use; devices and
precisions."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits

from audio_search.process import hidden, set_defaults
from audio_search.vggish.parameters import PRECISIONS


def _import_tensorflow() -> ModuleType:
    # TensorFlow reads this when it is imported: no notes on CPU instructions, oneDNN, absent GPUs.
    set_defaults({'TF_CPP_MIN_LOG_LEVEL': '2'})
    # TensorFlow loads Keras, and with it pandas, though nothing here is a Keras model: 110 MB and a
    # third of the time. Where importing Keras fails, it goes on without.
    with hidden('keras', 'tf_keras'):
        import tensorflow
    for gpu in tensorflow.config.list_physical_devices('GPU'):
        # Otherwise TensorFlow takes all of the memory at once.
        tensorflow.config.experimental.set_memory_growth(gpu, True)
    return tensorflow


def _import_slim() -> ModuleType:
    # One loss in TF-Slim uses scikit-learn, which would load pandas and half of scipy: 100 MB and
    # 2 s. Where importing scikit-learn fails, TF-Slim goes on without.
    with hidden('sklearn'):
        import tf_slim
    return tf_slim


tf: Any = _import_tensorflow()
slim: Any = _import_slim()

# The threads of numpy's BLAS go on spinning for some 25 ms after each product, on the cores that
# TensorFlow needs next: encoding one clip took nearly twice as long. So BLAS gets one thread.
threadpool_limits(limits=1, user_api='blas')

# What /proc/cpuinfo calls the instructions that multiply bfloat16: AVX512-BF16 and AMX.
BFLOAT16_FLAGS = frozenset({'avx512_bf16', 'amx_bf16'})


class RuntimeSettingError(ValueError):
    """A device or precision that this machine does not have; the message names those it has."""


def threads_of_one(processes: int) -> int | None:
    """The threads of each of several processes that share the cores; None, all, for one alone."""
    if processes == 1:
        return None
    has_affinity = hasattr(os, 'sched_getaffinity')  # macOS only knows how many cores there are
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    return max(1, cores // processes)


def limit_threads(count: int) -> None:
    """Let TensorFlow compute with so many threads in this process.

    Raises RuntimeSettingError where it computed with another number of them already.
    """
    try:
        tf.config.threading.set_intra_op_parallelism_threads(count)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        raise RuntimeSettingError(
            f'TensorFlow cannot change to {count} threads once it has computed in this process: '
            'give every model of a process the same number'
        ) from None


def choose_device(device: str) -> str:
    """`auto` (the first GPU, else the CPU) or a name such as /GPU:0 -> a device that is there.

    Raises RuntimeSettingError for any other.
    """
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

    `flags` are the CPU's instruction sets (None: those of this CPU). Raises RuntimeSettingError for
    an unknown precision, and for bfloat16 where it would be emulated.
    """
    if precision not in PRECISIONS:
        raise RuntimeSettingError(
            f'The precision {precision!r} is unknown; choose one of {", ".join(PRECISIONS)}'
        )
    flags = cpu_flags() if flags is None else flags
    has_bfloat16 = device.startswith('/GPU') or bool(BFLOAT16_FLAGS & flags)
    if precision == 'bfloat16' and not has_bfloat16:
        raise RuntimeSettingError(
            'The precision bfloat16 needs a CPU with AVX512-BF16 or AMX, or a GPU; '
            'choose float32 or auto'
        )
    if precision == 'auto':
        return 'bfloat16' if has_bfloat16 else 'float32'
    return precision


def cpu_flags() -> frozenset[str]:
    """The instruction sets of this CPU as Linux names them; empty where the system is another."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith('flags')), '')
    return frozenset(flags.partition(':')[2].split())
