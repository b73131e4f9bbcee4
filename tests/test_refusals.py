"""Files that are not read: the reason, and the command that makes another of them, never frames."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

import mgm_ext
from mgm_ext.convert import convert_video
from tests import clips, obu_units

READERS: tuple[Callable[[Any], object], ...] = (
    mgm_ext.probe,
    mgm_ext.read_motion_field,
    mgm_ext.read_motion_vectors,
    mgm_ext.VideoReader,
)
FRAMES = 6
COPY, CONVERT = "`ffmpeg -i FILE -c copy OUT.mkv`", "`mgm-ext convert FILE -o OUT.mp4`"

# Container, codec, picture (H, W), pixel format.
CONTAINERS = {
    "MXF": ("mxf", "mpeg2video", (64, 64), "yuv420p"),
    "NUT": ("nut", "mpeg4", (64, 64), "yuv420p"),
    "Ogg": ("ogg", "libvpx", (64, 64), "yuv420p"),
    "WTV": ("wtv", "mpeg2video", (64, 64), "yuv420p"),
    "GXF": ("gxf", "mpeg2video", (576, 720), "yuv420p"),
    "SWF": ("swf", "flv", (64, 64), "yuv420p"),
}
PICTURES = {
    "DV": ("dv", "dvvideo", (576, 720), "yuv420p"),
    "PNG": ("apng", "apng", (64, 64), "rgb24"),
    "WebP": ("webp", "libwebp_anim", (64, 64), "yuv420p"),
}
CODECS = {
    "prores": ("mov", "prores_ks", (64, 64), "yuv422p10le"),
    "dnxhd": ("mov", "dnxhd", (256, 320), "yuv422p"),
    "ffv1": ("matroska", "ffv1", (64, 64), "yuv420p"),
    "huffyuv": ("avi", "huffyuv", (64, 64), "yuv422p"),
    "dvvideo": ("avi", "dvvideo", (576, 720), "yuv420p"),
    "png": ("mov", "png", (64, 64), "rgb24"),
    "jpeg2000": ("mov", "jpeg2000", (64, 64), "yuv420p"),
}


def encode(path: Path, kind: tuple[str, str, tuple[int, int], str], **muxer: str) -> Path:
    container, codec, (height, width), pixel_format = kind
    options = {"profile": "dnxhr_lb"} if codec == "dnxhd" else {}
    with av.open(str(path), "w", format=container, options=muxer) as out:
        stream: Any = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        for picture in pictures(height, width):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode())
    return path


def pictures(height: int, width: int) -> clips.Frames:
    still = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return np.stack([np.roll(still, 2 * i, axis=1) for i in range(FRAMES)])


def reasons(path: Path, error: type[Exception] = mgm_ext.DecodeError) -> set[str]:
    """What every reader says of a file, its bytes, and a file object."""
    found = set()
    for read in READERS:
        for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
            with pytest.raises(error) as caught:
                read(source)
            found.add(str(caught.value.reason))  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_that_are_not_read_are_known_by_their_signature(
    name: str, tmp_path: Path
) -> None:
    path = encode(tmp_path / f"clip.{name}", CONTAINERS[name])
    words = f"the container {name} is not read: {COPY} keeps its video as it is"
    assert reasons(path) == {f"{words}, {CONVERT} encodes it anew"}


def test_an_mxf_is_known_behind_other_bytes_too(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.mxf", CONTAINERS["MXF"])
    path.write_bytes(bytes(2000) + path.read_bytes())
    assert {reason[:27] for reason in reasons(path)} == {"the container MXF is not re"}


@pytest.mark.parametrize("name", PICTURES)
def test_files_of_single_pictures_are_refused(name: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"clip.{name}", PICTURES[name])
    lack = "holds single pictures, which have no motion vectors, and is not read"
    assert reasons(path) == {f"{name} {lack}: convert the file with {CONVERT}"}


@pytest.mark.parametrize("codec", CODECS)
def test_codecs_without_vectors_or_decoder_name_the_way_out(codec: str, tmp_path: Path) -> None:
    path = encode(tmp_path / f"clip.{CODECS[codec][0]}", CODECS[codec])
    assert not mgm_ext.probe(path).has_vectors
    words = f"codec {codec} carries no motion vectors and is not decoded: convert the file with"
    for read in READERS[1:]:
        with pytest.raises(mgm_ext.NoMotionVectors) as caught:
            read(path)
        assert caught.value.reason == f"{words} {CONVERT}"
        assert caught.value.codec == codec


def test_a_codec_with_motion_that_is_not_decoded_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.avi", ("avi", "snow", (64, 64), "yuv420p"))
    for read in READERS[1:]:
        with pytest.raises(mgm_ext.DecodeError, match="codec snow is not decoded: convert"):
            read(path)


def annex_b(path: Path) -> Path:
    """An AV1 stream whose units all have their length before them."""
    plain = encode(path.with_suffix(".plain"), ("obu", "libsvtav1", (64, 64), "yuv420p"))
    temporal_units: list[list[bytes]] = []
    for unit in obu_units.split(plain.read_bytes()):
        if obu_units.kind(unit) == obu_units.TEMPORAL_DELIMITER:
            temporal_units.append([])
        temporal_units[-1].append(unit)

    def sized(data: bytes) -> bytes:
        return obu_units.leb128(len(data)) + data

    path.write_bytes(b"".join(sized(sized(b"".join(map(sized, t)))) for t in temporal_units))
    return path


def test_av1_in_the_form_of_annex_b_is_refused_and_converted(tmp_path: Path) -> None:
    path = annex_b(tmp_path / "clip.obu")
    words = f"AV1 in the form of its annex B is not read: {COPY} keeps its video as it is"
    assert reasons(path) == {f"{words}, {CONVERT} encodes it anew"}
    assert convert_video(path, tmp_path / "out.mp4") == FRAMES


def test_what_is_refused_can_be_converted(tmp_path: Path) -> None:
    for kind in (CONTAINERS["MXF"], PICTURES["DV"], CODECS["ffv1"]):
        path = encode(tmp_path / f"clip.{kind[0]}", kind)
        assert convert_video(path, tmp_path / "out.mp4") == FRAMES
        assert len(mgm_ext.VideoReader(tmp_path / "out.mp4")) == FRAMES


def test_encrypted_video_is_refused(tmp_path: Path) -> None:
    kind = ("mp4", "libx264", (64, 64), "yuv420p")
    scheme = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": 32 * "7"}
    path = encode(tmp_path / "clip.mp4", kind, **scheme, encryption_kid=32 * "a")
    command = "`ffmpeg -decryption_key KEY -i FILE -c copy OUT.mp4`"
    words = "the video is encrypted: who has the key decrypts it with"
    assert reasons(path) == {f"{words} {command}"}


def with_cover(path: Path, *, video: bool) -> Path:
    """Sound, the picture of a cover, and perhaps a video."""
    cover = io.BytesIO()
    encode_to = av.open(cover, "w", format="mjpeg")
    with encode_to as out:
        stream: Any = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        out.mux(stream.encode(av.VideoFrame(640, 480, "yuvj420p")))
        out.mux(stream.encode())
    with av.open(str(path), "w") as out:
        picture: Any = out.add_stream("mjpeg", rate=1)
        picture.width, picture.height, picture.pix_fmt = 640, 480, "yuvj420p"
        picture.disposition = Disposition.attached_pic
        moving: Any = out.add_stream("libx264", rate=25) if video else None
        sound: Any = out.add_stream("aac", rate=44100)
        if moving is not None:
            moving.width = moving.height = 64
        out.start_encoding()
        packet = av.Packet(cover.getvalue())
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = picture, 0, 0, True
        out.mux(packet)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp")
        frame.sample_rate = 44100
        out.mux([*sound.encode(frame), *sound.encode()])
        if moving is not None:
            for image in pictures(64, 64):
                out.mux(moving.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            out.mux(moving.encode())
    return path


def test_the_picture_of_a_cover_is_no_video(tmp_path: Path) -> None:
    path = with_cover(tmp_path / "sound.mp4", video=False)
    assert reasons(path) == {"no video stream in the file: its only picture is that of a cover"}
    film = with_cover(tmp_path / "film.mp4", video=True)
    assert mgm_ext.probe(film).codec == "h264"
    assert len(mgm_ext.VideoReader(film)) == FRAMES


@pytest.mark.parametrize(("name", "begin"), [("MP3", b"ID3\4\0"), ("FLAC", b"fLaC\0"),
                                             ("WAV", b"RIFF\0\0\1\0WAVEfmt ")])  # fmt: skip
def test_files_of_sound_say_so(name: str, begin: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sound"
    path.write_bytes(begin + bytes(5000))
    words = f"a file of sound ({name}): it holds no video, at most a cover"
    assert reasons(path) == {words}


def test_what_is_nothing_at_all_is_refused_as_before(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_bytes(b"<html>no video</html>" * 100)
    assert reasons(path) == {"opening the container: Invalid data found when processing input"}
