"""What the web server is started with, and whether that is safe."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

PASSWORD_VARIABLE = "SMART_TUNER_DASHBOARD__PASSWORD"


class WebError(Exception):
    """The server can't be started so: one line with the remedy."""


@dataclass(frozen=True, kw_only=True)
class WebSettings:
    """Where the server listens, and what it allows.

    Raises:
        WebError: others could reach it, and there is no password.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    """0: any that is free."""
    read_only: bool = False
    password: str | None = field(default=None, repr=False)
    """``None``: whoever reaches it is let in."""
    allowed_hosts: tuple[str, ...] = ()
    """Names by which browsers may call it, besides its own."""
    runs: Path | None = None
    """Where ``<study>/<number>`` lie when they are not where the database says."""

    def __post_init__(self) -> None:
        if self.password is None and not self.is_local:
            raise WebError(
                f"--host {self.host}: others can reach this address, so a password is needed:"
                f" put one into the environment variable {PASSWORD_VARIABLE},"
                " or listen on 127.0.0.1"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it; a name other than localhost may be anybody's."""
        if self.host == "localhost":
            return True
        address = self.address
        return address is not None and address.is_loopback

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens on every address of this machine."""
        address = self.address
        return self.host == "" or (address is not None and address.is_unspecified)

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """``host``, if it is an address and no name."""
        return as_address(self.host)


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that ``text`` spells, brackets around it or not; ``None`` if none."""
    try:
        return ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
