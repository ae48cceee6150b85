"""The demo corpus: 500 short sentences spoken by espeak-ng, the same bytes in every run."""

import hashlib
import tempfile
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.corpus.demo_sentences import DemoLanguage, demo_sentences
from trainer.corpus.espeak_client import SAMPLING_RATE, Voice, require_espeak, spoken
from trainer.exit_codes import BadInputError

GENERATOR_VERSION = 1
"""Raise it with any change of sentences, voice or trimming: older corpora are then remade."""
N_UTTERANCES = 500
EDGE_S = 0.04
"""Silence kept at both edges, in seconds."""
MANIFEST = "corpus.json"

_VOICES: dict[DemoLanguage, Voice] = {"en": Voice("en-us"), "ru": Voice("ru")}

Progress = Callable[[int, int], None]
"""Called with how many are done, and of how many."""


class Manifest(BaseModel):
    """``corpus.json``: who made the corpus, and the hash by which damage is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: str = "smart-tuner demo corpus"
    version: int = GENERATOR_VERSION
    language: DemoLanguage
    voice: str
    n_utterances: int
    sha256: str
    """Of ``metadata.csv`` and every WAV, in the order of their names."""


def make_demo_corpus(
    directory: Path, language: DemoLanguage, progress: Progress | None = None
) -> Path:
    """Make the demo corpus in ``directory`` (LJSpeech layout), or reuse the one that is there.

    The corpus is made beside ``directory`` and renamed. One that is intact is reused; a damaged
    or outdated one is made anew.

    Raises:
        BadInputError: ``directory`` holds something else or can't be written, or espeak-ng is
            not installed.
    """
    try:
        _make(directory.resolve(), language, progress)
    except OSError as error:
        raise BadInputError(
            f"{directory}: the demo corpus can't be made there ({error.strerror}); "
            "choose a folder that can be written, on a disk with 100 MB free"
        ) from error
    return directory


def _make(directory: Path, language: DemoLanguage, progress: Progress | None) -> None:
    if _is_intact(directory, language):
        return
    _require_replaceable(directory, language)
    require_espeak()
    with _new_sibling(directory) as folder:
        _fill(folder, language, progress)
        if not _is_intact(directory, language):  # another process may have been faster
            _replace(directory, folder)


def _fill(folder: Path, language: DemoLanguage, progress: Progress | None) -> None:
    """Write metadata, WAVs and the manifest into an empty folder."""
    texts = demo_sentences(language, N_UTTERANCES)
    ids = [f"demo_{language}_{number:04d}" for number in range(1, len(texts) + 1)]
    (folder / "wavs").mkdir()
    rows = "".join(f"{name}|{text}\n" for name, text in zip(ids, texts, strict=True))
    (folder / "metadata.csv").write_text(rows, encoding="utf-8")
    voice = _VOICES[language]
    for done, samples in enumerate(spoken(texts, voice), start=1):
        _write_wav(folder / "wavs" / f"{ids[done - 1]}.wav", _trimmed(samples))
        if progress is not None:
            progress(done, len(texts))
    manifest = Manifest(
        language=language, voice=voice.voice, n_utterances=len(texts), sha256=_content(folder)
    )
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _trimmed(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
    """``samples`` [n] with :data:`EDGE_S` of near-silence at each edge, padded where it lacks."""
    edge = round(EDGE_S * SAMPLING_RATE)
    padded = np.pad(samples, edge)
    level = np.abs(padded.astype(np.int32))
    loud = np.flatnonzero(level > level.max() // 100)
    return padded[loud[0] - edge : loud[-1] + edge + 1]


def _write_wav(path: Path, samples: npt.NDArray[np.int16]) -> None:
    """Mono, 16 bit; the standard library's writer reports a full disk as what it is."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLING_RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def _content(folder: Path) -> str:
    """The sha256 of all that a corpus says: ``metadata.csv`` and the WAVs, names included."""
    digest = hashlib.sha256()
    for path in [folder / "metadata.csv", *sorted((folder / "wavs").glob("*.wav"))]:
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def _manifest(directory: Path) -> Manifest | None:
    """The manifest of ``directory``; None where there is none, or none of ours."""
    try:
        return Manifest.model_validate_json((directory / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValidationError):
        return None


def _is_intact(directory: Path, language: DemoLanguage) -> bool:
    manifest = _manifest(directory)
    if manifest is None or (manifest.version, manifest.language) != (GENERATOR_VERSION, language):
        return False
    return (directory / "metadata.csv").is_file() and _content(directory) == manifest.sha256


def _require_replaceable(directory: Path, language: DemoLanguage) -> None:
    """Let only nothing, an empty folder or a demo corpus of this language be replaced."""
    if directory.exists() and not directory.is_dir():
        raise BadInputError(f"{directory}: is a file; give a folder for the demo corpus")
    if not directory.exists() or not any(directory.iterdir()):
        return
    manifest = _manifest(directory)
    if manifest is not None and manifest.language != language:
        raise BadInputError(
            f"{directory}: holds the demo corpus of language {manifest.language!r}, "
            f"not {language!r}; choose another folder"
        )
    stranger = next((path for path in directory.iterdir() if not _is_ours(path)), None)
    if stranger is not None or not (directory / MANIFEST).exists():
        found = f" (it has {stranger.name!r})" if stranger is not None else ""
        raise BadInputError(
            f"{directory}: is not empty and not a demo corpus{found}; "
            "choose another folder for the demo corpus"
        )


def _is_ours(path: Path) -> bool:
    if path.is_dir():
        return path.name == "wavs" and all(
            wav.name.startswith("demo_") and wav.suffix == ".wav" for wav in path.iterdir()
        )
    return path.name in {MANIFEST, "metadata.csv"}


@contextmanager
def _new_sibling(directory: Path) -> Iterator[Path]:
    """An empty folder beside ``directory``; what is left of it at the end is removed."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=f".{directory.name}-") as name:
        folder = Path(name, "corpus")
        folder.mkdir()
        yield folder


def _replace(directory: Path, folder: Path) -> None:
    """Put what is in ``folder`` in the place of ``directory``; the old goes with the sibling.

    A folder that exists stays itself, since it may be somebody's working directory. Its manifest
    comes first and never goes, so that a replacement cut short counts as damage.
    """
    if not directory.exists():
        folder.rename(directory)
        return
    old = folder.parent / "old"
    old.mkdir()
    for path in directory.iterdir():
        if path.name != MANIFEST:
            path.rename(old / path.name)
    for path in sorted(folder.iterdir(), key=lambda path: path.name != MANIFEST):
        path.replace(directory / path.name)
