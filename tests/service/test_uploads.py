from pathlib import Path

import pytest

from audio_search.audio.sources import MediaError
from audio_search.service.uploads import Uploads, decode_data_uri, safe_name


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    uploads = Uploads(tmp_path / 'media')
    uploads.open()
    return uploads


def files(uploads: Uploads) -> list[str]:
    return [str(p.relative_to(uploads.folder)) for p in uploads.folder.rglob('*') if p.is_file()]


def test_a_kept_sound_has_one_place(uploads: Uploads) -> None:
    first = uploads.save([b'so', b'und'], 'a.wav', keep=True)
    again = uploads.save([b'sound'], 'a.wav', keep=True)
    assert first.uri == first.kept_uri == again.uri
    assert (first.is_new, again.is_new) == (True, False)
    assert (uploads.folder / first.uri).read_bytes() == b'sound'
    assert files(uploads) == [first.uri]
    assert uploads.holds(first.uri)
    uploads.remove(first.uri)
    assert [path.name for path in uploads.folder.iterdir()] == ['.incoming']


def test_a_querys_sound_stands_apart_from_the_kept_one(uploads: Uploads) -> None:
    kept = uploads.save([b'sound'], 'a.wav', keep=True)
    query = uploads.save([b'sound'], 'a.wav', keep=False)
    assert query.uri != kept.uri
    assert query.kept_uri == kept.uri
    uploads.remove(query.uri)
    assert files(uploads) == [kept.uri]
    assert not list((uploads.folder / '.incoming').iterdir())


def test_an_interrupted_upload_leaves_nothing(uploads: Uploads) -> None:
    def broken() -> object:
        yield b'so'
        raise ConnectionError

    with pytest.raises(ConnectionError):
        uploads.save(broken(), 'a.wav', keep=True)  # type: ignore[arg-type]
    assert files(uploads) == []
    (uploads.folder / '.incoming' / 'left').mkdir()
    (uploads.folder / '.incoming' / 'left' / 'half.wav').write_bytes(b'so')
    uploads.open()
    assert files(uploads) == []


def test_clear_forgets_every_sound_and_nothing_else(uploads: Uploads) -> None:
    uploads.save([b'sound'], 'a.wav', keep=True)
    (uploads.folder / 'mine.wav').write_bytes(b'x')
    uploads.clear()
    assert files(uploads) == ['mine.wav']


@pytest.mark.parametrize(
    ('name', 'kept'),
    [
        ('bell.mp3', 'bell.mp3'),
        ('../../etc/passwd', 'passwd'),
        ('C:\\sounds\\bell.mp3', 'bell.mp3'),
        ('a b (2).wav', 'a b (2).wav'),
        ('Glöckchen#t=1.wav', 'Glöckchen_t_1.wav'),
        ('..', 'sound'),
        ('.wav', 'wav'),
        ('', 'sound'),
        ('ö' * 300 + '.wav', 'ö' * 75 + '.wav'),
        ('a\nb.wav', 'a_b.wav'),
    ],
)
def test_names_cannot_lead_anywhere(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize(
    ('uri', 'sound', 'media_type'),
    [
        ('data:audio/wav;base64,c291bmQ=', b'sound', 'audio/wav'),
        ('data:audio/ogg;codecs=opus;base64,c291bmQ=', b'sound', 'audio/ogg'),
        ('data:;base64,c291bmQ%3D', b'sound', ''),
        ('data:audio/wav,a%00b', b'a\0b', 'audio/wav'),
    ],
)
def test_data_uris(uri: str, sound: bytes, media_type: str) -> None:
    assert decode_data_uri(uri) == (sound, media_type)


@pytest.mark.parametrize('uri', ['data:', 'data:audio/wav;base64', 'data:;base64,?', 'data:,'])
def test_data_uris_without_a_sound_are_refused(uri: str) -> None:
    with pytest.raises(MediaError, match='data: URI'):
        decode_data_uri(uri)
