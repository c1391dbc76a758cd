"""The numbers that define VGGish (tensorflow/models, research/audioset/vggish)."""

SAMPLE_RATE_HZ = 16000  # of every waveform inside the service

# Short-time Fourier transform
FRAME_LENGTH = 25 * SAMPLE_RATE_HZ // 1000  # 400 samples: 25 ms
HOP_LENGTH = 10 * SAMPLE_RATE_HZ // 1000  # 160 samples: 10 ms
FFT_LENGTH = 1 << (FRAME_LENGTH - 1).bit_length()  # 512 points: the next power of two
BIN_COUNT = FFT_LENGTH // 2 + 1  # 257 frequencies from 0 to 8000 Hz

# Log-mel spectrogram
MEL_COUNT = 64
MEL_MIN_HZ = 125.0
MEL_MAX_HZ = 7500.0
LOG_OFFSET = 0.01

# An example, the network's input: 0.96 s
EXAMPLE_FRAMES = 96
EXAMPLE_LENGTH = (EXAMPLE_FRAMES - 1) * HOP_LENGTH + FRAME_LENGTH  # 15600 samples

# The network's output, and its 8-bit form
EMBEDDING_SIZE = 128
QUANTIZE_MIN = -2.0
QUANTIZE_MAX = 2.0
QUANTIZE_LEVELS = 256

# The vectors of a window become one: in a row, or their mean.
POOLINGS = ('concat', 'mean')

# What the front end may do (`front_end.FrontEnd`): fill up a sound that is shorter than a window by
# repeating it or with silence, and give an example in which nothing can be heard the vector zero or
# the one that the published network has for it.
PADDINGS = ('repeat', 'silence')
SILENCES = ('zero', 'as_published')

# What the network may compute in; auto is bfloat16 where the processor multiplies it in hardware.
PRECISIONS = ('auto', 'float32', 'bfloat16')
