import os
from pathlib import Path

import pytest

from audio_search.audio import sources
from audio_search.audio.sources import MediaError, MediaForbidden
from audio_search.roots import Roots


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    for name in ('first', 'second', 'outside'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'sound.wav').write_bytes(b'sound')
    (tmp_path / 'second' / 'only_here.wav').write_bytes(b'x')
    return Roots(((tmp_path / 'first').resolve(), (tmp_path / 'second').resolve()))


def test_relative_uri_is_looked_up_under_each_root_in_order(roots: Roots) -> None:
    assert sources.resolve('sound.wav', roots).path == roots[0] / 'sound.wav'
    assert sources.resolve('only_here.wav', roots).path == roots[1] / 'only_here.wav'


def test_absolute_uri_below_a_root(roots: Roots) -> None:
    assert sources.resolve(str(roots[1] / 'sound.wav'), roots).path == roots[1] / 'sound.wav'


@pytest.mark.parametrize('name', ['sound.wav', 'not_there.wav'])
def test_outside_is_refused_alike_whether_or_not_there_is_a_file(roots: Roots, name: str) -> None:
    outside = roots[0].parent / 'outside' / name
    for uri in (str(outside), f'../outside/{name}', f'sub/../../outside/{name}'):
        with pytest.raises(MediaForbidden) as caught:
            sources.resolve(uri, roots)
        assert str(caught.value) == (
            f'{uri} is outside the folders audio may be read from; '
            'move it there, or add its folder to AUDIO_SEARCH_ROOTS'
        )


def test_links_are_followed_before_roots_are_compared(roots: Roots) -> None:
    os.symlink(roots[0].parent / 'outside' / 'sound.wav', roots[0] / 'leads_out.wav')
    os.symlink(roots[0].parent / 'outside', roots[0] / 'folder_out')
    os.symlink(roots[1] / 'only_here.wav', roots[0] / 'stays_in.wav')
    os.symlink('loop.wav', roots[0] / 'loop.wav')
    for uri in ('leads_out.wav', 'folder_out/sound.wav', 'folder_out/not_there.wav'):
        with pytest.raises(MediaForbidden):
            sources.resolve(uri, roots)
    assert sources.resolve('stays_in.wav', roots).path == roots[1] / 'only_here.wav'
    with pytest.raises(MediaError):
        sources.resolve('loop.wav', roots)


@pytest.mark.parametrize(
    ('uri', 'reason'),
    [
        ('nothing.wav', 'does not exist'),
        ('.', 'is a folder'),
        ('empty.wav', 'is empty (0 bytes)'),
        ('pipe.wav', 'not a regular file'),
        ('', 'is not a path'),
        ('a\0b', 'is not a path'),
        ('n' * 5000, 'does not exist'),
        ('http://example.org/a.wav', 'is a http: uri'),
        ('file:///etc/passwd', 'is a file: uri'),
        ('sound.wav#t=', 'time fragment'),
        ('sound.wav#t=5,3', 'time fragment'),
        ('sound.wav#t=x', 'time fragment'),
        ('sound.wav#t=-1,2', 'time fragment'),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(
    roots: Roots, uri: str, reason: str
) -> None:
    (roots[0] / 'empty.wav').touch()
    os.mkfifo(roots[0] / 'pipe.wav')
    with pytest.raises(MediaError, match=reason.replace('(', r'\(').replace(')', r'\)')) as caught:
        sources.resolve(uri, roots)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ('fragment', 'beg_s', 'end_s'),
    [
        ('#t=600,1200', 600, 1200),
        ('#t=10', 10, None),
        ('#t=,20.5', 0, 20.5),
        ('#t=npt:1:30,0:02:00', 90, 120),
        ('', 0, None),
    ],
)
def test_time_fragments(roots: Roots, fragment: str, beg_s: float, end_s: float | None) -> None:
    source = sources.resolve(f'sound.wav{fragment}', roots)
    assert (source.beg_s, source.end_s) == (beg_s, end_s)


def test_a_hash_in_a_file_name_is_part_of_it(roots: Roots) -> None:
    (roots[0] / 'take #2.wav').write_bytes(b'x')
    assert sources.resolve('take #2.wav#t=1', roots).beg_s == 1


def test_id_is_of_the_place_and_the_part(roots: Roots) -> None:
    whole = sources.resolve('sound.wav', roots).id
    assert len(whole) == 32
    assert sources.resolve(str(roots[0] / 'sound.wav'), roots).id == whole
    assert sources.resolve('sound.wav#t=0,2', roots).id != whole
    (roots[0] / 'sound.wav').write_bytes(b'another sound')
    assert sources.resolve('sound.wav', roots).id == whole


def test_unchanged_by_time_stamp_or_else_by_content(roots: Roots) -> None:
    path = roots[0] / 'sound.wav'
    stored = sources.resolve('sound.wav', roots).fingerprint()
    assert sources.resolve('sound.wav', roots).is_unchanged_since(stored)
    os.utime(path, ns=(1, 1))
    assert sources.resolve('sound.wav', roots).is_unchanged_since(stored)
    path.write_bytes(b'SOUND')
    os.utime(path, ns=(2, 2))
    assert not sources.resolve('sound.wav', roots).is_unchanged_since(stored)
    assert not sources.resolve('sound.wav', roots).is_unchanged_since(None)


@pytest.mark.parametrize(
    ('uri', 'stored'),
    [
        ('only_here.wav', 'only_here.wav'),
        ('./x/../only_here.wav', 'only_here.wav'),
        ('{1}/only_here.wav', 'only_here.wav'),
        ('{0}/../second/only_here.wav#t=1:30', 'only_here.wav#t=90'),
        ('{0}/sound.wav#t=600,1200', 'sound.wav#t=600,1200'),
        ('sound.wav#t=npt:10:00,20:00.50', 'sound.wav#t=600,1200.5'),
        ('sound.wav#t=,20', 'sound.wav#t=0,20'),
        ('sound.wav#t=20', 'sound.wav#t=20'),
        ('sound.wav#t=0', 'sound.wav'),
        ('sound.wav#t=0.0000001', 'sound.wav#t=0.0000001'),
        ('{1}/sound.wav', '{1}/sound.wav'),  # which the first root has too
        ('{1}/sound.wav#t=1,2', '{1}/sound.wav#t=1,2'),
        ('{1}/odd/a:b.wav', 'odd/a:b.wav'),
        ('{1}/cd:b.wav', '{1}/cd:b.wav'),  # would be a uri of another scheme
        ('link.wav', 'only_here.wav'),
        ('{1}/inner/deep.wav', 'inner/deep.wav'),
    ],
)
def test_what_is_stored_is_relative_to_its_root_and_leads_to_the_same_part(
    roots: Roots, uri: str, stored: str
) -> None:
    for name in ('odd/a:b.wav', 'cd:b.wav', 'inner/deep.wav'):
        (roots[1] / name).parent.mkdir(exist_ok=True)
        (roots[1] / name).write_bytes(b'x')
    (roots[0] / 'x').mkdir()
    os.symlink(roots[1] / 'only_here.wav', roots[0] / 'link.wav')
    source = sources.resolve(uri.format(*roots), roots)
    kept = source.relative_uri(roots)
    assert kept == stored.format(*roots)
    assert sources.resolve(kept, roots) == source
    assert sources.resolve(kept, roots).id == source.id


def test_a_root_inside_a_root(roots: Roots) -> None:
    """The first one of the list has the name, whichever lies inside the other."""
    (roots[0] / 'inner').mkdir()
    (roots[0] / 'inner' / 'deep.wav').write_bytes(b'x')
    path = roots[0] / 'inner' / 'deep.wav'
    assert sources.relative_uri(path, Roots((roots[0], roots[0] / 'inner'))) == 'inner/deep.wav'
    assert sources.relative_uri(path, Roots((roots[0] / 'inner', roots[0]))) == 'deep.wav'


def test_what_is_stored_of_a_file_that_is_gone(roots: Roots) -> None:
    assert sources.relative_uri(roots[1] / 'gone.wav', roots) == 'gone.wav'
    assert sources.relative_uri(roots[1] / 'gone' / 'a.wav', roots, 1.5) == 'gone/a.wav#t=1.5'
    # Another file has the name that it would get.
    (roots[1] / 'sound.wav').unlink()
    assert sources.relative_uri(roots[1] / 'sound.wav', roots) == f'{roots[1]}/sound.wav'
    assert sources.relative_uri(Path('/elsewhere/a.wav'), roots) == '/elsewhere/a.wav'


def test_a_stored_uri_names_the_file_below_its_root_also_when_it_is_gone(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / 'a.wav').write_bytes(b'sound')
    assert sources.stored_uri(f'{root}/./a.wav#t=1,2.0', Roots((root,))) == 'a.wav#t=1,2'
    (root / 'a.wav').unlink()
    assert sources.stored_uri(f'{root}/a.wav#t=1,2', Roots((root,))) == 'a.wav#t=1,2'


def test_what_names_no_file_below_the_roots_is_stored_as_it_is(tmp_path: Path) -> None:
    root, outside = tmp_path.resolve() / 'root', tmp_path.resolve() / 'outside'
    root.mkdir()
    outside.mkdir()
    (outside / 'secret.wav').write_bytes(b'sound')
    (tmp_path / 'link').symlink_to(outside)
    (root / 'loop').symlink_to(root / 'loop')
    for uri in (
        f'{tmp_path}/link/secret.wav', f'/{"a" * 5000}', f'/{"a/" * 3000}',
        'https://x/y.wav', 'gone.wav', f'{root}/nul\0.wav', f'{root}/a.wav#t=x', '',
    ):  # fmt: skip
        assert sources.stored_uri(uri, Roots((root,))) == uri
    # Python 3.13 follows a loop of links as far as it goes, those before it refuse to.
    loop = f'{root}/loop/a.wav'
    assert sources.stored_uri(loop, Roots((root,))) in (loop, 'loop/a.wav')


def test_a_file_below_a_folder_with_a_name_is_known_by_it_wherever_that_is(tmp_path: Path) -> None:
    found = []
    for disk in ('one', 'another'):
        folder = tmp_path.resolve() / disk
        (folder / 'birds').mkdir(parents=True)
        (folder / 'birds' / 'robin.wav').write_bytes(b'sound')
        roots = Roots((folder.parent, folder), {'field': folder})
        source = sources.resolve(f'{folder}/birds/robin.wav#t=1,2', roots)
        assert source.relative_uri(roots) == 'field/birds/robin.wav#t=1,2'
        assert sources.resolve('field/birds/robin.wav#t=1,2', roots) == source
        assert sources.resolve(f'{disk}/birds/robin.wav#t=1,2', roots) == source
        found.append((source.id, source.fingerprint()['path']))
    assert found[0] == found[1]


def test_a_name_leads_out_of_no_folder(tmp_path: Path) -> None:
    folder = tmp_path.resolve() / 'sounds'
    folder.mkdir()
    (tmp_path / 'secret.wav').write_bytes(b'sound')
    with pytest.raises(MediaForbidden):
        sources.resolve('field/../secret.wav', Roots((folder,), {'field': folder}))


def test_a_folder_that_is_called_as_another_is_named_is_found_too(tmp_path: Path) -> None:
    named, other = tmp_path.resolve() / 'named', tmp_path.resolve() / 'other'
    for path in (named / 'a.wav', other / 'field' / 'a.wav', other / 'field' / 'b.wav'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'sound')
    roots = Roots((other, named), {'field': named})
    assert sources.resolve('field/a.wav', roots).path == named / 'a.wav'
    assert sources.resolve('field/b.wav', roots).path == other / 'field' / 'b.wav'
    hidden = sources.resolve(f'{other}/field/a.wav', roots)
    assert hidden.relative_uri(roots) == f'{other}/field/a.wav'
