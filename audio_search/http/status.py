"""The answer of /status: what the service holds and runs on."""

from importlib.metadata import version

from pydantic import BaseModel, Field

from audio_search.service.views import Status as Held

PACKAGES = ('jina', 'docarray', 'tensorflow-cpu', 'tensorflow', 'soundfile', 'numpy')


class Model(BaseModel):
    name: str = Field(description='official, compact, or the name of a file')
    sha256: str = Field(description='of the file of its weights')


class IndexFile(BaseModel):
    path: str
    bytes: int = Field(description='size of the file')


class Status(BaseModel):
    """What the service holds and runs on."""

    clips: int
    chunks: int
    model: Model
    index: IndexFile
    pooling: str = Field(description='how the vectors of a window are put together')
    window_s: float = Field(description='length of a window, s')
    stride_s: float = Field(description='from one window to the next, s')
    padding: str = Field(description='what fills a sound shorter than a window: repeat or silence')
    lift_to_dbfs: float | None = Field(description='the least peak of a window, dB of full scale')
    silence: str = Field(description='the vector of silence: zero or as_published')
    versions: dict[str, str]


def status_answer(held: Held) -> Status:
    return Status(
        clips=held.clips,
        chunks=held.chunks,
        model=Model(name=held.model_name, sha256=held.model_sha256),
        index=IndexFile(path=held.index_path, bytes=held.index_bytes),
        pooling=held.pooling,
        window_s=held.window_s,
        stride_s=held.stride_s,
        padding=held.padding,
        lift_to_dbfs=held.lift_to_dbfs,
        silence=held.silence,
        versions=_versions(),
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except ImportError:  # of the two TensorFlow packages, one is installed
            continue
    return found
