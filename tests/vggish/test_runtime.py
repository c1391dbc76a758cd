import pytest
import threadpoolctl

from audio_search.vggish import runtime
from audio_search.vggish.runtime import RuntimeSettingError, choose_device, choose_precision


def test_an_absent_device_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(RuntimeSettingError, match=r'/GPU:7.* is not there; .* has /CPU:0'):
        choose_device('/GPU:7')


@pytest.mark.parametrize('device', ['', 'CPU', 'cuda:0', '/TPU:0'])
def test_names_that_are_no_device_are_refused(device: str) -> None:
    with pytest.raises(RuntimeSettingError, match='is not there; this machine has'):
        choose_device(device)


def test_the_cpu_may_be_asked_for() -> None:
    assert choose_device('/CPU:0') == '/CPU:0'
    assert choose_device('/cpu:0') == '/CPU:0'


def test_an_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(RuntimeSettingError, match=r'float16.* auto, float32, bfloat16'):
        choose_precision('float16', '/CPU:0')


def test_float32_works_everywhere() -> None:
    assert choose_precision('float32', '/CPU:0') == 'float32'
    assert choose_precision('float32', '/GPU:0') == 'float32'


@pytest.mark.parametrize('flags', [{'avx512_bf16'}, {'amx_bf16', 'avx2'}])
def test_auto_is_bfloat16_where_the_instructions_are(flags: set[str]) -> None:
    assert choose_precision('auto', '/CPU:0', frozenset(flags)) == 'bfloat16'
    assert choose_precision('bfloat16', '/CPU:0', frozenset(flags)) == 'bfloat16'


def test_without_the_instructions_auto_is_float32_and_bfloat16_is_refused() -> None:
    older = frozenset({'avx2', 'avx512f'})
    assert choose_precision('auto', '/CPU:0', older) == 'float32'
    with pytest.raises(RuntimeSettingError, match='needs a CPU with AVX512-BF16 or AMX, or a GPU'):
        choose_precision('bfloat16', '/CPU:0', older)
    assert choose_precision('auto', '/GPU:0', older) == 'bfloat16'


def test_the_flags_are_those_of_this_cpu() -> None:
    assert all(flag == flag.strip() and ' ' not in flag for flag in runtime.cpu_flags())


def test_the_threads_of_numpy_leave_the_cores_to_tensorflow() -> None:
    # Only numpy's own: scipy brings another one, which nothing here multiplies with.
    libraries = [lib for lib in threadpoolctl.threadpool_info() if 'numpy' in lib['filepath']]
    assert {lib['num_threads'] for lib in libraries} <= {1}
