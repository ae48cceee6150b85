"""A small Bot API server after Telegram's documentation, with faults to order.

It knows getMe, getUpdates (long polling), setWebhook, deleteWebhook, setMyCommands, sendMessage,
sendPhoto, sendVoice, sendAudio, sendDocument, editMessageText, editMessageReplyMarkup and
answerCallbackQuery; parameters come as JSON, form or multipart. It refuses what Telegram refuses:
a wrong token, texts that are too long or whose HTML is broken, edits that change nothing, messages
that are not there.
"""

import asyncio
import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TOKEN = "123456:test-token_of-ours"
BOT_ID = 123456
ALLOWED_TAGS = {"b", "i", "u", "s", "code", "pre", "a", "tg-spoiler", "blockquote"}
FILES = {"sendPhoto": "photo", "sendVoice": "voice", "sendAudio": "audio",
         "sendDocument": "document"}  # fmt: skip


@dataclass
class Message:
    """A message that the bot has sent."""

    chat: int
    message_id: int
    method: str
    text: str
    """Text or caption, as sent."""
    keyboard: list[list[dict[str, Any]]]
    file: bytes | None = None
    silent: bool = False
    edits: int = 0
    deleted: bool = False

    @property
    def buttons(self) -> dict[str, str]:
        """The callback data of each button by its text."""
        return {one["text"]: one.get("callback_data", "") for row in self.keyboard for one in row}


@dataclass
class Fault:
    """What goes wrong with requests: ``429``, ``500``, ``garbage``, ``nothing`` or ``lost``.

    ``nothing``: the connection is closed without an answer; ``lost``: so, but after the request
    was obeyed.
    """

    kind: str
    method: str = "*"
    times: int = 1
    retry_after: int = 1


class ApiError(Exception):
    """What Telegram answers to a wrong request."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass
class BotApiServer:
    """Runs in a thread of its own until it is closed."""

    messages: list[Message] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """The methods that were called, in order, those that failed included."""
    commands: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """The menu by language."""
    answered: list[dict[str, Any]] = field(default_factory=list)
    """The answers to pressed buttons."""
    webhook: dict[str, Any] | None = None
    faults: list[Fault] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    """Chats that have blocked the bot."""
    port: int = 0

    def __post_init__(self) -> None:
        self._updates: list[dict[str, Any]] = []
        self._ids: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.RLock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "BotApiServer":
        """Listen; returns once it does."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def close(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def say(self, user: int, text: str, *, language: str = "en", chat: int | None = None) -> None:
        """Somebody writes to the bot."""
        where = user if chat is None else chat
        update = {
            "message": {
                "message_id": self._next("message"),
                "date": int(time.time()),
                "chat": _chat(where),
                "from": _user(user, language),
                "text": text,
                "entities": _entities(text),
            }
        }
        self._add(update)

    def press(self, user: int, message: Message, button: str, *, language: str = "en") -> None:
        """Somebody presses a button; ``button`` is its text, or a part of it."""
        data = next(data for text, data in message.buttons.items() if button in text)
        update = {
            "callback_query": {
                "id": str(self._next("query")),
                "from": _user(user, language),
                "chat_instance": "1",
                "data": data,
                "message": {
                    "message_id": message.message_id,
                    "date": int(time.time()),
                    "chat": _chat(message.chat),
                    "text": message.text,
                },
            }
        }
        self._add(update)

    def order(self, kind: str, method: str = "*", times: int = 1, retry_after: int = 1) -> None:
        """The next requests of this method go wrong."""
        self.faults.append(Fault(kind, method, times, retry_after))

    def to(self, chat: int) -> list[Message]:
        """What the bot has sent to a chat, and nobody has deleted."""
        return [one for one in self.messages if one.chat == chat and not one.deleted]

    def _add(self, update: dict[str, Any]) -> None:
        with self._lock:
            self._updates.append({"update_id": self._next("update"), **update})

    def _next(self, what: str) -> int:
        with self._lock:
            self._ids[what] += 1
            return self._ids[what]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _listen(self) -> None:
        app = web.Application(client_max_size=50 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        self.calls.append(method)
        fault = self._fault(method)
        if fault is not None and fault.kind != "lost":
            return _wrong(request, fault)
        try:
            _check_token(request)
            parameters, files = await _parameters(request)
            result = await self._obey(method, parameters, files)
        except ApiError as error:
            return _failed(error.code, error.description)
        if fault is not None:
            return _hang_up(request)
        return web.json_response({"ok": True, "result": result})

    def _fault(self, method: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.method in ("*", method) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    async def _obey(self, method: str, parameters: dict[str, Any], files: dict[str, bytes]) -> Any:
        match method:
            case "getMe":
                return {"id": BOT_ID, "is_bot": True, "first_name": "Tuner",
                        "username": "tuner_bot"}  # fmt: skip
            case "getUpdates":
                return await self._get_updates(parameters)
            case "setWebhook":
                self.webhook = parameters
                return True
            case "deleteWebhook":
                self.webhook = None
                return True
            case "setMyCommands":
                self.commands[parameters.get("language_code", "")] = json.loads(
                    parameters["commands"]
                )
                return True
            case "answerCallbackQuery":
                self.answered.append(parameters)
                return True
            case "sendMessage" | "sendPhoto" | "sendVoice" | "sendAudio" | "sendDocument":
                return self._send(method, parameters, files)
            case "editMessageText" | "editMessageReplyMarkup":
                return self._edit(method, parameters)
        raise ApiError(404, "Not Found")

    async def _get_updates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook is not None:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(parameters.get("offset") or 0)
        deadline = time.monotonic() + float(parameters.get("timeout") or 0)
        while True:
            with self._lock:
                self._updates = [one for one in self._updates if one["update_id"] >= offset]
                if self._updates or time.monotonic() >= deadline:
                    return self._updates[:100]
            await asyncio.sleep(0.01)

    def _send(self, method: str, parameters: dict[str, Any], files: dict[str, bytes]) -> Any:
        chat = int(parameters["chat_id"])
        if chat in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        is_text = method == "sendMessage"
        text = parameters.get("text" if is_text else "caption", "")
        _check_text(text, parameters.get("parse_mode"), 4096 if is_text else 1024)
        if is_text and not text:
            raise ApiError(400, "Bad Request: message text is empty")
        message = Message(
            chat=chat,
            message_id=self._next("message"),
            method=method,
            text=text,
            keyboard=_keyboard(parameters),
            file=None if is_text else _file(parameters[FILES[method]], files),
            silent=parameters.get("disable_notification") in ("true", True),
        )
        with self._lock:
            self.messages.append(message)
        return _described(message)

    def _edit(self, method: str, parameters: dict[str, Any]) -> Any:
        chat, number = int(parameters["chat_id"]), int(parameters["message_id"])
        found = [one for one in self.to(chat) if one.message_id == number]
        if not found:
            raise ApiError(400, "Bad Request: message to edit not found")
        message, keyboard = found[0], _keyboard(parameters)
        text = parameters.get("text", "") if method == "editMessageText" else message.text
        _check_text(text, parameters.get("parse_mode"), 4096)
        if (text, keyboard) == (message.text, message.keyboard):
            raise ApiError(400, "Bad Request: message is not modified: specified new message"
                                " content and reply markup are exactly the same")  # fmt: skip
        message.text, message.keyboard = text, keyboard
        message.edits += 1
        return _described(message)


def _check_token(request: web.Request) -> None:
    if request.match_info["token"] != TOKEN:
        raise ApiError(401, "Unauthorized")


class _Tags(HTMLParser):
    """What Telegram would read: the text without its tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ALLOWED_TAGS:
            raise ApiError(
                400, f'Bad Request: can\'t parse entities: Unsupported start tag "{tag}"'
            )
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ApiError(400, "Bad Request: can't parse entities: Unmatched end tag")

    def handle_data(self, data: str) -> None:
        self.text += data


def plain(text: str) -> str:
    """The text of a message as people read it."""
    tags = _Tags()
    tags.feed(text)
    tags.close()
    return tags.text


def _check_text(text: str, parse_mode: str | None, limit: int) -> None:
    if parse_mode == "HTML":
        tags = _Tags()
        tags.feed(text)
        tags.close()
        if tags.open:
            raise ApiError(400, "Bad Request: can't parse entities: Can't find end tag")
        text = tags.text
    if len(text.encode("utf-16-le")) // 2 > limit:
        raise ApiError(400, "Bad Request: message is too long")


async def _parameters(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    parameters: dict[str, Any] = dict(request.query)
    files: dict[str, bytes] = {}
    if request.content_type == "application/json":
        parameters |= await request.json()
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = value.file.read()
            else:
                parameters[name] = value
    return parameters, files


def _file(value: str, files: dict[str, bytes]) -> bytes:
    name = value.removeprefix("attach://")
    if not files.get(name):
        raise ApiError(400, "Bad Request: file must be non-empty")
    return files[name]


def _keyboard(parameters: dict[str, Any]) -> list[list[dict[str, Any]]]:
    markup = parameters.get("reply_markup") or "{}"
    keyboard = (json.loads(markup) if isinstance(markup, str) else markup).get(
        "inline_keyboard", []
    )
    for row in keyboard:
        for button in row:
            if len(button.get("callback_data", "").encode()) > 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return list(keyboard)


def _described(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "date": int(time.time()),
        "chat": _chat(message.chat),
        "text": message.text,
    }


def _chat(chat: int) -> dict[str, Any]:
    if chat < 0:
        return {"id": chat, "type": "supergroup", "title": "Group"}
    return {"id": chat, "type": "private", "first_name": "Anna"}


def _user(user: int, language: str) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "Anna", "language_code": language}


def _entities(text: str) -> list[dict[str, Any]]:
    if not text.startswith("/"):
        return []
    return [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]


def _wrong(request: web.Request, fault: Fault) -> web.StreamResponse:
    match fault.kind:
        case "429":
            seconds = fault.retry_after
            return web.json_response(
                {
                    "ok": False,
                    "error_code": 429,
                    "description": f"Too Many Requests: retry after {seconds}",
                    "parameters": {"retry_after": seconds},
                },
                status=429,
            )
        case "500":
            return _failed(500, "Internal Server Error")
        case "garbage":
            return web.Response(text="<html>502 Bad Gateway</html>", content_type="text/html")
        case "nothing":
            return _hang_up(request)
    raise ValueError(fault.kind)


def _failed(code: int, description: str) -> web.Response:
    body = {"ok": False, "error_code": code, "description": description}
    return web.json_response(body, status=code)


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
