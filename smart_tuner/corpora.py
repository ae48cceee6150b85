"""The corpus of a study: the user's, or the demo corpus that is made on the spot."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from smart_tuner.config.study_config import StudyConfig
from trainer.corpus import Corpus, load_corpus, make_demo_corpus, split_corpus, verify_audio

DEMO_DIRECTORY = Path("corpora/demo-en")


@dataclass(frozen=True)
class StudyCorpus:
    """A corpus, and the folder or filelist that names it."""

    path: Path
    corpus: Corpus


def prepare_corpus(config: StudyConfig, console: Console) -> StudyCorpus:
    """Load and check the corpus, making the demo corpus where none is named.

    Raises:
        BadInputError: anything about the corpus that a person must mend.
    """
    path = config.corpus
    if path is None:
        path = make_demo(DEMO_DIRECTORY, console)
    corpus = load_corpus(path)
    verify_audio(corpus)
    split_corpus(corpus)
    return StudyCorpus(path, corpus)


def make_demo(directory: Path, console: Console) -> Path:
    """The demo corpus at ``directory``; at once where it is there and intact."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("demo corpus", total=None)
        return make_demo_corpus(
            directory, "en", lambda done, total: progress.update(task, completed=done, total=total)
        )
