"""Speech corpora: layouts, recordings, split, identity, check, and the demo corpus."""

from trainer.corpus.audio_file import AudioInfo, decode_audio, inspect_audio, read_audio
from trainer.corpus.check import check_corpus
from trainer.corpus.demo import make_demo_corpus
from trainer.corpus.demo_sentences import DemoLanguage
from trainer.corpus.fingerprint import corpus_fingerprint
from trainer.corpus.layout import Corpus, load_corpus
from trainer.corpus.report import CheckLimits, CorpusReport, Finding, UtteranceRow
from trainer.corpus.split import Split, split_corpus
from trainer.corpus.utterance import Utterance
from trainer.corpus.verify import verify_audio

__all__ = [
    "AudioInfo",
    "CheckLimits",
    "Corpus",
    "CorpusReport",
    "DemoLanguage",
    "Finding",
    "Split",
    "Utterance",
    "UtteranceRow",
    "check_corpus",
    "corpus_fingerprint",
    "decode_audio",
    "inspect_audio",
    "load_corpus",
    "make_demo_corpus",
    "read_audio",
    "split_corpus",
    "verify_audio",
]
