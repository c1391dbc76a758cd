"""Speech."""

from .clip import ALLISON, CARLO, ESPEAK, FLUID, JUNE, MAXIM, clip
from .midi import Note, Preset, played
from .package import asterisk
from .voice import spoken
from .waveform import (
    SAMPLE_RATE_HZ,
    Rng,
    Wave,
    length_of,
    mixed,
    place,
    reverberated,
    room_tone,
    silence,
)


def talk(*turns: tuple[float, Wave]) -> Wave:
    """Ten seconds with these utterances at their times."""
    canvas = silence(10)
    for start_s, utterance in turns:
        place(canvas, utterance, start_s)
    return canvas


@clip(171, 'speech', 'recorded woman, American English', ALLISON)
def english(rng: Rng) -> Wave:
    wave = talk((0.2, asterisk('en_US_f_Allison', 'demo-congrats')))
    return mixed((wave, -20), (room_tone(10, rng), -55))


@clip(172, 'speech', 'recorded man, Italian, in a large room', CARLO)
def italian(rng: Rng) -> Wave:
    wave = talk((0.1, asterisk('it_IT_m_Carlo', 'demo-instruct')[length_of(3) :]))
    return mixed((reverberated(wave, rng, 0.9, 0.35), -20), (room_tone(10, rng), -52))


@clip(173, 'speech', 'recorded man, Russian', MAXIM)
def russian(rng: Rng) -> Wave:
    wave = talk((0.2, asterisk('ru_RU_f_IvrvoiceRU', 'demo-instruct')[length_of(8) :]))
    return mixed((wave, -20), (room_tone(10, rng), -50))


@clip(174, 'speech', 'recorded woman, French, short messages', JUNE)
def french(rng: Rng) -> Wave:
    first, second = (asterisk('fr_CA_f_June', name) for name in ('vm-msginstruct', 'demo-nogo'))
    wave = talk((0.3, first[: length_of(5)]), (5.6, second))
    return mixed((reverberated(wave, rng, 0.4, 0.2), -20), (room_tone(10, rng), -50))


@clip(
    175, 'speech', 'two synthetic voices in conversation, British and German', ESPEAK, stereo=True
)
def conversation(rng: Rng) -> Wave:
    lines = (
        ('Good morning! When does the next train to Dresden leave?', 'en-gb', 165, 35),
        ('Der nächste Zug fährt um zehn Uhr zwölf, von Gleis sieben.', 'de+f3', 160, 60),
        ('And how much is a ticket, there and back?', 'en-gb', 165, 35),
    )
    said = [spoken(*line) for line in lines]
    wave, at_s = silence(10), 0.1
    for utterance in said:
        place(wave, utterance, at_s)
        at_s += len(utterance) / SAMPLE_RATE_HZ + 0.15
    return mixed((reverberated(wave, rng, 0.7, 0.25), -20), (room_tone(10, rng), -50))


@clip(
    176, 'speech', 'recorded woman speaking over a jazz trio as loud as she is', ALLISON, FLUID,
    mixed_with='music',
)  # fmt: skip
def bar(rng: Rng) -> Wave:
    voice = talk((0.2, asterisk('en_US_f_Allison', 'demo-abouttotry')),
                 (5.2, asterisk('en_US_f_Allison', 'demo-moreinfo')))  # fmt: skip
    beat_s, notes = 0.36, []
    for beat in range(28):
        notes.append(Note(beat * beat_s, 0.3, (36, 40, 43, 45, 46, 45, 43, 40)[beat % 8], 100, 1))
        notes.append(Note(beat * beat_s, 0.2, 51, 80, 9))
        if beat % 2:
            notes.append(Note((beat - 0.33) * beat_s, 0.2, 51, 60, 9))
            chord = (58, 64, 67, 69) if beat % 8 < 4 else (57, 63, 65, 70)
            notes += [Note(beat * beat_s, 0.25, key, 80, 0) for key in chord]
    trio = played(notes, {0: Preset(0), 1: Preset(32), 9: Preset(32)}, 10)
    return mixed((voice, -22), (reverberated(trio, rng, 0.8, 0.3), -22))
