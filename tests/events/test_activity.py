"""Begin and end of an event from the spectrogram around it."""

import numpy as np
import pytest

from audio_search.events import Event, heard
from audio_search.vggish.features import mel_magnitudes

RATE_HZ = 16000
LENGTH_S = 30.0
LAST_S = 0.06  # frames are 0.025 s long, and smoothed over 0.05 s


def recording(
    *sounds: tuple[float, float, float], noise: float = 0.01, seed: int = 0
) -> np.ndarray:
    """Noise with tones of 1 kHz in it: begin, end, amplitude. float32 [samples]"""
    rng = np.random.default_rng(seed)
    samples = noise * rng.normal(size=round(LENGTH_S * RATE_HZ))
    for begin_s, end_s, amplitude in sounds:
        which = slice(round(begin_s * RATE_HZ), round(end_s * RATE_HZ))
        seconds = np.arange(which.stop - which.start) / RATE_HZ
        samples[which] += amplitude * np.sin(2 * np.pi * 1000 * seconds)
    return samples.astype(np.float32)


def placed(event: Event, samples: np.ndarray, *others: Event, first_s: float = 0.0) -> Event:
    return heard(event, mel_magnitudes(samples), first_s, others)


def at(begin_s: float, end_s: float) -> Event:
    """As examples tell it: half a second of uncertainty at each edge."""
    return Event(begin_s, end_s, (begin_s + end_s) / 2, 0.1)


@pytest.mark.parametrize('found', [(9.6, 12.4), (10.4, 11.6), (10.4, 12.4)])
def test_the_sound_is_placed_however_the_examples_fell(found: tuple[float, float]) -> None:
    event = placed(at(*found), recording((10.0, 12.0, 0.1)))
    assert (event.beg_s, event.end_s) == pytest.approx((10, 12), abs=LAST_S)
    assert (event.peak_s, event.distance) == (sum(found) / 2, 0.1)


def test_times_are_those_of_the_whole_recording() -> None:
    event = placed(at(3609.7, 3612.3), recording((10.0, 12.0, 0.1)), first_s=3600.0)
    assert (event.beg_s, event.end_s) == pytest.approx((3610, 3612), abs=LAST_S)


@pytest.mark.parametrize(
    ('pause_s', 'begin_s'), [(0.7, 8.8), (1.4, 10.0)], ids=['short', 'too long']
)
def test_a_part_of_the_sound_beyond_a_short_pause_belongs_to_it(
    pause_s: float, begin_s: float
) -> None:
    """A ring and the next one, of which only the second was near enough."""
    samples = recording((10 - pause_s - 0.5, 10 - pause_s, 0.1), (10.0, 12.0, 0.1))
    assert placed(at(9.8, 12.0), samples).beg_s == pytest.approx(begin_s, abs=LAST_S)


def test_a_faint_sound_beyond_a_pause_does_not() -> None:
    samples = recording((8.9, 9.4, 0.002), (10.0, 12.0, 0.1))
    assert placed(at(9.8, 12.0), samples).beg_s == pytest.approx(10, abs=LAST_S)


def test_another_event_is_neither_reached_into_nor_taken_for_what_is_usual() -> None:
    """A call every two seconds and a half: without the others half of the recording would be
    background that is as loud as the event."""
    begins = np.arange(2.0, 28, 2.5)
    samples = recording(*((begin, begin + 1.2, 0.1) for begin in begins))
    events = [at(begin - 0.2, begin + 1.4) for begin in begins]
    for number in (3, 5):
        others = events[:number] + events[number + 1 :]
        event = placed(events[number], samples, *others)
        assert event.beg_s == pytest.approx(begins[number], abs=LAST_S)
        assert event.end_s == pytest.approx(begins[number] + 1.2, abs=LAST_S)


def test_another_event_after_a_short_pause_stays_another() -> None:
    samples = recording((10.0, 12.0, 0.1), (12.7, 14.0, 0.1))
    found, other = at(9.8, 12.2), at(12.6, 14.2)
    assert placed(found, samples).end_s == pytest.approx(13.7, abs=LAST_S)  # as far as it reaches
    assert placed(found, samples, other).end_s == pytest.approx(12, abs=LAST_S)


def test_the_peak_stays_within_the_event() -> None:
    event = placed(Event(9.5, 12.2, 9.7, 0.1), recording((10.0, 12.0, 0.1)))
    assert event.peak_s == event.beg_s == pytest.approx(10, abs=LAST_S)


@pytest.mark.parametrize(
    'samples',
    [
        recording(),
        recording((10.0, 12.0, 0.0005)),
        recording(*((begin, begin + 0.2, 0.1) for begin in np.arange(0, 30, 0.5))),
        recording(noise=0.0),
        recording()[:0],
        recording((10.0, 12.0, 0.1))[8 * RATE_HZ : 13 * RATE_HZ],
    ],
    ids=['noise alone', 'too faint', 'loud all over', 'digital silence', 'no sound', 'no room'],
)
def test_what_does_not_stand_out_stays_where_it_was(samples: np.ndarray) -> None:
    event = at(9.8, 12.1)
    first_s = 9.0 if len(samples) < 6 * RATE_HZ else 0.0
    assert placed(event, samples, first_s=first_s) == event


def test_a_sound_in_digital_silence_is_placed() -> None:
    event = placed(at(9.7, 12.4), recording((10.0, 12.0, 0.1), noise=0.0))
    assert (event.beg_s, event.end_s) == pytest.approx((10, 12), abs=LAST_S)


@pytest.mark.parametrize(('begin_s', 'end_s'), [(0.0, 1.5), (28.5, LENGTH_S)])
def test_the_ends_of_a_recording_are_ends_of_the_sound(begin_s: float, end_s: float) -> None:
    event = placed(at(max(begin_s - 0.3, 0), end_s + 0.3), recording((begin_s, end_s, 0.1)))
    assert (event.beg_s, event.end_s) == pytest.approx((begin_s, end_s), abs=LAST_S)
