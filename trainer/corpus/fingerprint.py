"""A corpus's identity: a study that continues must have the same one."""

import hashlib
from pathlib import Path

from trainer.corpus.layout import Corpus
from trainer.exit_codes import BadInputError

_SAMPLE_BYTES = 4096


def corpus_fingerprint(corpus: Corpus) -> str:
    """The sha256 of a corpus: ids, texts as written, and recordings, wherever it lies.

    Of each recording only its size and 4 KiB from its start, middle and end are read, so that a
    large corpus takes seconds. The order of the rows does not count.

    Raises:
        BadInputError: a recording can't be read.
    """
    digest = hashlib.sha256()
    for utterance in sorted(corpus.utterances, key=lambda utterance: utterance.id):
        for part in (utterance.id, utterance.text):
            data = part.encode("utf-8")
            digest.update(len(data).to_bytes(8, "little") + data)
        digest.update(_recording_digest(utterance.audio_path))
    return digest.hexdigest()


def _recording_digest(path: Path) -> bytes:
    """32 bytes that stand for the recording's size and samples of its content."""
    digest = hashlib.sha256()
    try:
        size = path.stat().st_size
        digest.update(size.to_bytes(8, "little"))
        with path.open("rb") as file:
            for offset in (0, (size - _SAMPLE_BYTES) // 2, size - _SAMPLE_BYTES):
                file.seek(max(offset, 0))
                digest.update(file.read(_SAMPLE_BYTES))
    except OSError as error:
        raise BadInputError(
            f"{path}: can't be read ({error.strerror}); mend its permissions"
        ) from error
    return digest.digest()
