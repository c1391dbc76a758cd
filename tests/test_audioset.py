"""Choosing clips of AudioSet from files of its form; a stand-in for yt-dlp fetches them."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from scripts.audioset import main

ONTOLOGY = [
    {'id': '/m/bell', 'name': 'Bell', 'child_ids': ['/m/church', '/m/door']},
    {'id': '/m/church', 'name': 'Church bell', 'child_ids': []},
    {'id': '/m/door', 'name': 'Doorbell', 'child_ids': ['/m/ding']},
    {'id': '/m/ding', 'name': 'Ding-dong', 'child_ids': ['/m/bell']},  # a circle ends too
    {'id': '/m/dog', 'name': 'Bark', 'child_ids': []},
    {'id': '/t/dd1', 'name': 'Speech, _male_', 'child_ids': []},
]
SEGMENTS = """\
# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=5, num_segs=5, num_unique_labels=527, num_positive_labels=52882
# YTID, start_seconds, end_seconds, positive_labels
--4gqARaEJE, 0.000, 10.000, "/m/dog,/m/church"
-0SdAVK79lg, 30.500, 40.500, "/m/ding"
abc_defghij, 420.000, 430.000, "/m/dog"
ZZZZZZZZZZZ, 7.000, 17.000, "/t/dd1"
YYYYYYYYYYY, 8.000, 18.000, "/m/dog"
"""
# Writes what it was called with to the file that yt-dlp would make, and fails for one video.
STAND_IN = """\
#!{python}
import sys
from pathlib import Path
given = sys.argv[1:]
if given[-1].endswith('abc_defghij'):
    sys.exit('WARNING: slow\\nERROR: Video unavailable')
target = given[given.index('--output') + 1].replace('%(ext)s', 'mp3').replace('%%', '%')
with Path(target).open('x') as file:
    file.write('\\n'.join(given))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / 'ontology.json').write_text(json.dumps(ONTOLOGY))
    (tmp_path / 'segments.csv').write_text(SEGMENTS)
    stand_in = tmp_path / 'yt-dlp'
    stand_in.write_text(STAND_IN.format(python=sys.executable))
    stand_in.chmod(0o755)
    return tmp_path


def start(folder: Path, *arguments: str) -> int:
    return main(
        [
            str(folder / 'segments.csv'),
            '--ontology', str(folder / 'ontology.json'),
            '--folder', str(folder / '100% clips'),
            '--downloader', str(folder / 'yt-dlp'),
            *arguments,
        ]
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / '100% clips').glob('*'))


def test_a_label_stands_for_those_below_it_and_the_first_one_names_the_clip(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(folder, '--label', 'bell', '--label', '/m/dog') == 0
    commands = [shlex.split(line) for line in capsys.readouterr().out.splitlines()]
    assert not (folder / '100% clips').exists()
    outputs = [Path(one[one.index('--output') + 1]).name for one in commands]
    assert outputs == [
        '--4gqARaEJE_0_bell.%(ext)s',
        '-0SdAVK79lg_30.5_bell.%(ext)s',
        'abc_defghij_420_bark.%(ext)s',
        'YYYYYYYYYYY_8_bark.%(ext)s',
    ]
    assert '*30.5-40.5' in commands[1]
    assert commands[1][-1] == 'https://www.youtube.com/watch?v=-0SdAVK79lg'


def test_clips_are_fetched_once_and_failures_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ('--label', 'Bark', '--label', 'church bell', '--run')
    for _ in range(2):  # the second time nothing is fetched again, which would fail
        assert start(folder, *wanted) == 1
        assert names(folder) == ['--4gqARaEJE_0_bark.mp3', 'YYYYYYYYYYY_8_bark.mp3']
        errors = capsys.readouterr().err
        assert errors == ('abc_defghij_420_bark.mp3 was not fetched: ERROR: Video unavailable\n')
    assert start(folder, '--label', 'Speech, _male_', '--run') == 0
    assert 'ZZZZZZZZZZZ_7_speech-male.mp3' in names(folder)


def test_half_a_clip_is_fetched_again(folder: Path) -> None:
    clips = folder / '100% clips'
    clips.mkdir()
    partial = clips / '.partial.ZZZZZZZZZZZ_7_speech-male.mp3'
    partial.write_text('half')
    assert start(folder, '--label', '/t/dd1', '--run') == 0
    assert names(folder) == ['ZZZZZZZZZZZ_7_speech-male.mp3']
    assert (clips / names(folder)[0]).read_text() != 'half'


def test_so_many_of_each_label(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(folder, '--label', 'Bark', '--label', 'Doorbell', '--per-label', '1') == 0
    outputs = capsys.readouterr().out
    assert '--4gqARaEJE_0_bark' in outputs
    assert '-0SdAVK79lg_30.5_doorbell' in outputs
    assert len(outputs.splitlines()) == 2


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['--label', 'Church bel'], 'did you mean Church bell?'),
        (['--label', 'Bark', '--ontology', '{folder}/segments.csv'], 'give its ontology.json'),
        (['--label', 'Bark', '--run', '--downloader', '{folder}/none'], 'install yt-dlp'),
        (['--label', 'Bark', '--run', '--folder', '{folder}/yt-dlp/x'], 'another --folder'),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert start(folder, *(one.format(folder=folder) for one in arguments)) == 2
    output, errors = capsys.readouterr()
    assert output == ''
    (line,) = errors.splitlines()
    assert reason in line


@pytest.mark.parametrize(
    'line', ['too,few', '../../etc/pw, 0.0, 10.0, "/m/dog"', 'abc_defghij, 10.0, 0.0, "/m/dog"',
             'abc_defghij, nan, 10.0, "/m/dog"', 'abc_defghij, x, 10.0, "/m/dog"']
)  # fmt: skip
def test_a_line_that_is_no_segment_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    (folder / 'segments.csv').write_text(f'# YTID\n{line}\n')
    assert start(folder, '--label', 'Bark') == 2
    assert 'line 2 of' in capsys.readouterr().err
