"""How files are called that the decoder takes. It goes by their first bytes, see `decoding`; names
only tell which files of a folder are worth opening."""

SNDFILE = 'wav wave flac ogg oga opus mp3 mp2 aif aiff aifc caf au snd rf64'
# Without ts, as which MPEG transport streams are rare, and sources of TypeScript are not.
FFMPEG = 'm4a m4b mp4 m4v mov 3gp 3g2 mkv mka webm aac wma asf avi flv mts m2ts amr wv ape'
SUFFIXES = frozenset(f'.{name}' for name in f'{SNDFILE} {FFMPEG}'.split())


def is_sound(name: str) -> bool:
    """Whether a file of this name may be sound."""
    return name[name.rfind('.') :].lower() in SUFFIXES if '.' in name else False
