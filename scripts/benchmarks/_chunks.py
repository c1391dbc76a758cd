"""Made-up embeddings that lie about as real ones do.

500 kinds of sound, clips around them, windows along each clip that share half their frames, in a
spectrum that falls off as that of the toy clips' embeddings does. For those (60 clips) the cosine
distances of neighbouring windows are 0.04, 0.11, 0.42 (10, 50, 90 %), of the nearest window of
another clip 0.12, 0.26, 0.49, of any two 0.68, 0.98, 1.12. For 60 of these, of 10 kinds, they are
0.02, 0.10, 0.49, then 0.17, 0.29, 0.47, and 0.59, 1.00, 1.32.
"""

import numpy as np

CHUNKS_A_CLIP = 4  # 10 s
KINDS = 500
FRAME = 128
DEVIATION = 38.0
SHARES = {'kind': 0.60, 'clip': 0.27, 'frame': 0.10}  # of the variance
FALL = -0.6  # exponent of the spectrum


def clips(count: int, seed: int, kinds: int = KINDS) -> np.ndarray:
    """int8 [count, 4, 512]."""
    rng = np.random.default_rng(seed)
    deviation = {name: np.float32(DEVIATION * share**0.5) for name, share in SHARES.items()}
    centres = np.random.default_rng([0, kinds]).standard_normal((kinds, FRAME), dtype=np.float32)
    sound = deviation['kind'] * centres[rng.integers(0, kinds, count)]
    sound += deviation['clip'] * rng.standard_normal((count, FRAME), dtype=np.float32)
    # Some sounds are steady, others change all the time.
    change = np.exp(0.7 * rng.standard_normal((count, 1, 1), dtype=np.float32))
    frames = rng.standard_normal((count, 2 * CHUNKS_A_CLIP + 2, FRAME), dtype=np.float32)
    frames = sound[:, np.newaxis] + deviation['frame'] * change * frames
    values = np.clip(np.rint(frames @ _spectrum()), -128, 127).astype(np.int8)
    windows = [values[:, 2 * i : 2 * i + 4].reshape(count, 4 * FRAME) for i in range(CHUNKS_A_CLIP)]
    return np.stack(windows, axis=1)


def _spectrum() -> np.ndarray:
    weights = np.arange(1, FRAME + 1) ** FALL
    weights /= np.sqrt((weights**2).mean())
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(FRAME, FRAME)))
    return (weights[:, np.newaxis] * rotation).astype(np.float32)
