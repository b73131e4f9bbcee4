"""Finds a release's source: a file the user names, Debian's package, or upstream's archive."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

import recipe


class SourceError(Exception):
    """No source could be had; the text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source archive: the file, the release in it, its hash, and where it came from."""

    path: Path
    version: str
    sha256: str
    origin: str


def find(name: str, *, tarball: str, folder: Path) -> Source:
    """The source of "ffmpeg" or "dav1d"; downloads are kept in `folder`.

    Raises:
        SourceError: it is not there, has another hash, or is another version than the taps need.
    """
    if tarball:
        path = Path(tarball).expanduser()
        if not path.is_file():
            raise SourceError(f"MGM_{name.upper()}_TARBALL names {tarball}, which is not a file.")
        return _examine(name, path, origin="local file")
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for kept in folder.glob(f"{name}[-_]*.tar.*"):
        try:
            origin = "Debian source package" if ".orig." in kept.name else "upstream"
            return _examine(name, kept, origin=origin)
        except SourceError as error:
            reasons.append(str(error))
    for fetch, origin in ((_from_debian, "Debian source package"), (_from_upstream, "upstream")):
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as temporary:
            try:
                source = _examine(name, fetch(name, Path(temporary)), origin=origin)
            except SourceError as error:
                reasons.append(str(error))
                continue
            return replace(source, path=source.path.replace(folder / source.path.name))
    raise SourceError(
        f"The source of {name} could not be fetched ({' '.join(reasons)}); name a local archive "
        f"with MGM_{name.upper()}_TARBALL, or a finished build with MGM_FFMPEG_PREFIX."
    )


def _examine(name: str, path: Path, *, origin: str) -> Source:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    version = _version(name, path)
    wanted = recipe.FFMPEG_SERIES if name == "ffmpeg" else recipe.DAV1D_RELEASE
    if version != wanted and not (name == "ffmpeg" and version.startswith(f"{wanted}.")):
        raise SourceError(f"{path.name} is {name} {version}; mgm-ext is written for {wanted}.")
    expected = recipe.SHA256.get((name, version))
    if origin != "local file" and expected not in (None, digest):
        raise SourceError(f"{path.name} has sha256 {digest}; expected {expected}.")
    return Source(path, version, digest, origin)


def _version(name: str, path: Path) -> str:
    """The release by the archive's own word: FFmpeg's RELEASE, dav1d's meson.build."""
    wanted = "RELEASE" if name == "ffmpeg" else "meson.build"
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                parts = member.name.removeprefix("./").split("/")
                stream = archive.extractfile(member) if parts[1:] == [wanted] else None
                if stream is not None:
                    text = stream.read().decode()
                    match = re.search(r"version: '([\d.]+)'", text) if name == "dav1d" else None
                    return match[1] if match else text.strip()
    except tarfile.TarError as error:
        raise SourceError(f"{path.name} is not a source archive: {error}.") from error
    raise SourceError(f"{path.name} holds no {name} source.")


def _from_upstream(name: str, folder: Path) -> Path:
    release = recipe.FFMPEG_RELEASE if name == "ffmpeg" else recipe.DAV1D_RELEASE
    url = recipe.UPSTREAM[name].format(release=release)
    path = folder / f"{name}-{release}.tar.xz"
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, path.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except OSError as error:
        raise SourceError(f"{url}: {error}.") from error
    return path


def _from_debian(name: str, folder: Path) -> Path:
    """apt's own download of the source package, its signature checked; needs no rights."""
    apt = Apt(folder, suite=recipe.DEBIAN_SUITES[name], types="deb-src")
    apt.run("source", "--download-only", "--tar-only", name)
    found = sorted(folder.glob(f"{name}_*.orig.tar.*"))
    archives = [path for path in found if path.suffix != ".asc"]
    if not archives:
        raise SourceError(f"apt-get source {name} gave no upstream archive.")
    return archives[0]


class Apt:
    """apt-get with lists and packages of its own in `folder`, for another suite of Debian.

    Args:
        types: "deb-src" for sources, "deb" for packages.
        architecture: Debian's name of one, for packages of another machine.
    """

    def __init__(self, folder: Path, *, suite: str, types: str, architecture: str = "") -> None:
        entries = debian_entries(Path("/etc/apt"), suite=suite, types=types)
        if shutil.which("apt-get") is None or not entries:
            raise SourceError("This system has no Debian package sources.")
        self.folder = folder
        (folder / "debian.sources").write_text(entries)
        (folder / "lists" / "partial").mkdir(parents=True)
        (folder / "cache" / "archives" / "partial").mkdir(parents=True)
        (folder / "status").touch()
        self.options = {
            "Dir::Etc::SourceList": folder / "debian.sources",
            "Dir::Etc::SourceParts": "-",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::Status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Get::List-Cleanup": "0",
            "APT::Update::Error-Mode": "any",
        }
        if architecture:
            self.options |= {"APT::Architecture": architecture, "APT::Architectures": architecture}
        if os.geteuid() == 0:
            self.options["APT::Sandbox::User"] = "root"  # _apt may not enter this folder
        self.run("update")

    def run(self, *command: str) -> None:
        flags = [f"-o{key}={value}" for key, value in self.options.items()]
        done = subprocess.run(
            ["apt-get", "-q", *flags, *command], cwd=self.folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            words = " ".join(done.stderr.split())[-300:]
            raise SourceError(f"apt-get {command[0]} failed: {words}")


def debian_entries(etc: Path, *, suite: str, types: str = "deb-src") -> str:
    """The system's Debian entries for another suite; other vendors' are left out."""
    stanzas: list[dict[str, str]] = []
    for path in sorted([etc / "sources.list", *etc.glob("sources.list.d/*")]):
        if path.suffix == ".sources":
            stanzas.extend(map(_fields, re.split(r"\n\s*\n", _without_comments(path))))
        elif path.suffix == ".list" and path.is_file():
            stanzas.extend(map(_one_line_entry, _without_comments(path).splitlines()))
    entries = dict.fromkeys(filter(None, (_entry(stanza, suite, types) for stanza in stanzas)))
    return "\n".join(entries)


def _without_comments(path: Path) -> str:
    return "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#"))


def _fields(stanza: str) -> dict[str, str]:
    joined = re.sub(r"\n\s+", " ", stanza.strip())
    pairs = (line.split(":", 1) for line in joined.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _one_line_entry(line: str) -> dict[str, str]:
    match = re.match(r"deb\s+(?:\[(.*?)\]\s*)?(\S+)\s+(\S+)\s+(.+)", line.strip())
    if match is None:
        return {}
    signed = re.search(r"signed-by=(\S+)", match[1] or "")
    stanza = {"URIs": match[2], "Suites": match[3], "Components": match[4]}
    return {**stanza, "Signed-By": signed[1]} if signed else stanza


def _entry(stanza: dict[str, str], suite: str, types: str) -> str:
    """The stanza for that suite; empty when it is not Debian's own archive."""
    uris = stanza.get("URIs", "").split()
    pockets = [
        match[1] or ""
        for own in stanza.get("Suites", "").split()
        if (match := re.fullmatch(r"[a-z]+(-updates|-security)?", own))
    ]
    if suite == "sid":  # which has neither updates nor security
        pockets = [pocket for pocket in pockets if not pocket]
    enabled = stanza.get("Enabled", "yes").lower() != "no"
    debian = uris and all(re.search(r"/debian(-security)?/?$", uri) for uri in uris)
    if not (enabled and debian and pockets):
        return ""
    changed = {
        **stanza,
        "Types": types,
        "Suites": " ".join(suite + pocket for pocket in pockets),
    }
    return "".join(f"{key}: {value}\n" for key, value in changed.items())
