from audio_search.vggish import parameters


def test_the_numbers_are_the_published_ones() -> None:
    assert parameters.FRAME_LENGTH == 400
    assert parameters.HOP_LENGTH == 160
    assert parameters.FFT_LENGTH == 512
    assert parameters.BIN_COUNT == 257
    assert parameters.EXAMPLE_LENGTH == 15600
    assert parameters.EXAMPLE_FRAMES * parameters.HOP_LENGTH == 0.96 * parameters.SAMPLE_RATE_HZ
