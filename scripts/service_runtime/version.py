"""The software that answers, as both services say it."""

import colorsys
import hashlib

import msgspec

from service_runtime.environment import ServiceSettings


class Version(msgspec.Struct, frozen=True):
    """The software that answers; `colour` is the page's roof line and follows from the version."""

    name: str
    version: str
    commit: str
    build_time: str
    colour: str


def colour_of(version: str) -> str:
    """Return the version's colour as #rrggbb: the same one for the same version, mid-dark and saturated."""
    hue = int.from_bytes(hashlib.sha256(version.encode()).digest()[:2]) / 65536
    red, green, blue = colorsys.hls_to_rgb(hue, 0.42, 0.6)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def version(name: str, settings: ServiceSettings) -> Version:
    colour = settings.colour or colour_of(settings.version)
    return Version(name, settings.version, settings.commit, settings.build_time, colour)
