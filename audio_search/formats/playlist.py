"""Hits as an extended M3U playlist in UTF-8 (M3U8)."""

from collections.abc import Iterable

from audio_search.formats.hits import Hit, one_line


def playlist(hits: Iterable[Hit]) -> str:
    """One entry per hit. VLC and mpv play the matched part alone, by EXTVLCOPT; others, for which
    that line is a comment, play the whole file."""
    lines = ['#EXTM3U']
    for hit in hits:
        beg_s, end_s = hit.span
        title = one_line(f'{hit.label} {hit.distance:.3f} {beg_s:g}-{end_s:g} s')
        lines.append(f'#EXTINF:{round(end_s - beg_s)},{title}')
        lines.append(f'#EXTVLCOPT:start-time={beg_s:.3f}')
        lines.append(f'#EXTVLCOPT:stop-time={end_s:.3f}')
        path = one_line(hit.file)
        lines.append(f'./{path}' if path.startswith('#') else path)
    return '\n'.join(lines) + '\n'
