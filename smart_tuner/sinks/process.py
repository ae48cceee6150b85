"""The sink process as its controller has it: started, listened to, asked to finish."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from smart_tuner.control.stopping import StopSwitch
from smart_tuner.sinks.mlflow_environment import mlflow_environment
from smart_tuner.sinks.orders import FINISH
from smart_tuner.sinks.settings import SinkSettings, unsent_marker

LOG = "sinks.log"
"""In the folder of the study's runs: what sink processes say of their troubles."""
_COMMAND = (sys.executable, "-P", "-m", "smart_tuner.sinks")
_FINISH_SECONDS = 120.0
"""So long the end of a study waits for what is left."""
_SILENT_SECONDS = 1.0
_POLL_SECONDS = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
_CHUNK = 65_536


class SinkProcess:
    """Tells MLflow and TensorBoard of a study, beside its controller and never in its way.

    As a context manager it leaves no process behind. One that dies is started again.

    Args:
        say: tells a person one line.
    """

    def __init__(self, say: Callable[..., None]) -> None:
        self._say = say
        self._settings: SinkSettings | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._heard = b""
        self._pause, self._start_at = _FIRST_PAUSE, 0.0

    def start(self, settings: SinkSettings) -> None:
        """Start it, where there is anything to do."""
        if settings.any:
            self._settings = settings
            self._start(settings)

    def start_if_unsent(self, settings: SinkSettings) -> None:
        """Start it for a study that is done, where an earlier start could not send all."""
        if unsent_marker(Path(settings.folder)).exists():
            self.start(settings)

    def watch(self) -> None:
        """Pass on what it says; start it again where it has died."""
        if self._settings is None:
            return
        if self._child is not None:
            self._listen(self._child)
            if self._child.poll() is not None:
                self._bury(self._child)
        elif time.monotonic() > self._start_at:
            self._start(self._settings)

    def finish(self, stop: StopSwitch) -> None:
        """Wait until it has sent what is left: not for ever, and no longer than a person wants."""
        if self._settings is None:
            return
        child = self._living(self._settings)
        if child is None:
            return
        self._write(child, FINISH)
        began, requests, said = time.monotonic(), stop.requests, False
        while child.poll() is None and time.monotonic() < began + _FINISH_SECONDS:
            self._listen(child)
            if stop.at_once or stop.requests > requests:
                break
            if not said and time.monotonic() > began + _SILENT_SECONDS:
                said = True
                self._say("sending what is left to the sinks; Ctrl-C ends the wait")
            time.sleep(_POLL_SECONDS)
        self._listen(child)
        if child.poll() != 0:
            self._say(
                f"not everything was sent: the next start of study '{self._settings.study}' goes "
                f"on with it, or: smart-tuner mlflow sync {shlex.quote(self._settings.study)}",
                style="yellow",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What is still there at the end of a study is not waited for: it repeats nothing."""
        if self._child is not None:
            self._child.kill()
            self._close(self._child)

    def _living(self, settings: SinkSettings) -> "subprocess.Popen[bytes] | None":
        """The process; another one in the place of one that has died."""
        if self._child is not None and self._child.poll() is not None:
            self._close(self._child)
        return self._child or self._start(settings)

    def _start(self, settings: SinkSettings) -> "subprocess.Popen[bytes] | None":
        """``None`` where it can't be started now, for want of room perhaps: the study goes on."""
        try:
            child = self._process(settings)
        except OSError as error:
            self._say(f"the sink process can't be started ({error}); again in {self._pause:.0f} s")
            self._put_off()
            return None
        assert child.stdout is not None
        os.set_blocking(child.stdout.fileno(), False)
        self._child = child
        self._write(child, settings.to_json())
        return child

    def _process(self, settings: SinkSettings) -> "subprocess.Popen[bytes]":
        with (Path(settings.folder) / LOG).open("ab") as log:
            return subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # no Ctrl-C of ours reaches it
                env=mlflow_environment({**os.environ, "OMP_NUM_THREADS": "1"}),
            )

    def _write(self, child: "subprocess.Popen[bytes]", line: str) -> None:
        assert child.stdin is not None
        try:
            child.stdin.write(line.encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            return  # it has died: watch() or finish() will find that

    def _listen(self, child: "subprocess.Popen[bytes]") -> None:
        """Without waiting: what it has said up to now."""
        assert child.stdout is not None
        try:
            while data := os.read(child.stdout.fileno(), _CHUNK):
                self._heard += data
        except BlockingIOError:
            pass
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            self._say(line.decode("utf-8", "replace"))

    def _bury(self, child: "subprocess.Popen[bytes]") -> None:
        """Another one comes after a pause, which grows."""
        assert self._settings is not None
        self._say(
            f"the sink process ended with exit code {child.returncode} and is started again in "
            f"{self._pause:.0f} s; what it said: {Path(self._settings.folder) / LOG}",
            style="yellow",
        )
        self._close(child)
        self._put_off()

    def _put_off(self) -> None:
        self._start_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _close(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = None
        child.wait()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            return
