"""VGGish: sound as one 128-d vector for each 0.96 s (Hershey et al., ICASSP 2017).

Waveform -> features.log_mel -> network.Network -> postprocessing.Pca -> 8 bits. Knows nothing of
Jina. TensorFlow is imported by `network` and `checkpoint` alone, so that processes which only ask
about weights stay small.
"""
