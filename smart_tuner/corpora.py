"""The corpus of a study: the user's, or the demo corpus that is made on the spot."""

from dataclasses import dataclass
from pathlib import Path

from smart_tuner.config.study_config import StudyConfig
from smart_tuner.sinks.console import ConsoleSink
from trainer.corpus import Corpus, load_corpus, make_demo_corpus, split_corpus, verify_audio
from trainer.text import default_symbols, symbol_name, symbol_table, unknown_symbols

DEMO_DIRECTORY = Path("corpora/demo-en")
_FEW = 8
"""Held-out sentences; with fewer the quality says little."""


@dataclass(frozen=True)
class StudyCorpus:
    """A corpus, and the folder or filelist that names it."""

    path: Path
    corpus: Corpus


def prepare_corpus(config: StudyConfig, sink: ConsoleSink) -> StudyCorpus:
    """Load and check the corpus, making the demo corpus where none is named.

    Raises:
        BadInputError: anything about the corpus that a person must mend.
    """
    path = config.corpus
    if path is None:
        path = make_demo_corpus(DEMO_DIRECTORY, "en")
        sink.say(f"demo corpus: {path} (synthetic speech by espeak-ng)")
    corpus = load_corpus(path)
    verify_audio(corpus)
    n_held_out = len(split_corpus(corpus).held_out)
    if n_held_out < _FEW:
        sink.say(
            f"warning: only {n_held_out} sentences are held out of so small a corpus: "
            "the quality is of low confidence",
            style="yellow",
        )
    _warn_of_unknown_symbols(config, corpus, sink)
    return StudyCorpus(path, corpus)


def _warn_of_unknown_symbols(config: StudyConfig, corpus: Corpus, sink: ConsoleSink) -> None:
    chosen = config.hparams().symbols
    name = default_symbols(corpus.language) if chosen == "auto" else chosen
    texts = [utterance.text for utterance in corpus.utterances]
    unknown = unknown_symbols(texts, corpus.language, symbol_table(name))
    if unknown:
        named = ", ".join(f"{symbol_name(s)} ({count} x)" for s, count in unknown.most_common(10))
        sink.say(
            f"warning: symbols={name} does not know, and leaves out: {named}; "
            "'smart-tuner corpus check' says where",
            style="yellow",
        )
