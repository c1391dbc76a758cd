import hashlib
from pathlib import Path

import pytest

from audio_search.files import sha256


@pytest.mark.parametrize('size', [0, 3, 3_000_000])
def test_the_digest_is_that_of_all_bytes(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b'x' * (size % 256)
    (tmp_path / 'file').write_bytes(content)
    assert sha256(tmp_path / 'file') == hashlib.sha256(content).hexdigest()
