"""Which decoders are built, from which releases, with which options."""

from __future__ import annotations

# Upstream's release, and what a source package of it may be called. The taps are written against
# private structures: a newer patch release of the series is judged by the tests, another series is
# refused.
FFMPEG_RELEASE = "7.1.5"
FFMPEG_SERIES = "7.1"
DAV1D_RELEASE = "1.5.4"
DEBIAN_SUITES = {"ffmpeg": "trixie", "dav1d": "forky"}

SHA256 = {
    ("ffmpeg", "7.1.5"): "de668509caf9e35e3cd162473441fdb29538c6d96ed080292b3cf9e6fc5d558f",
    ("dav1d", "1.5.4"): "686616b7c69eb88d44459391ab25cac13b6647a3b288835c5784e71c1514a5c5",
}
UPSTREAM = {
    "ffmpeg": "https://ffmpeg.org/releases/ffmpeg-{release}.tar.xz",
    "dav1d": "https://downloads.videolan.org/pub/videolan/dav1d/{release}/dav1d-{release}.tar.xz",
}

DECODERS = (
    "h264 hevc vp8 vp9 mpeg1video mpeg2video mpeg4 h261 h263 h263i h263p msmpeg4v1 msmpeg4v2 "
    "msmpeg4v3 wmv1 wmv2 wmv3 vc1 flv rv10 rv20 mjpeg rawvideo gif libdav1d vvc"
)
PARSERS = "h264 hevc vp8 vp9 av1 mpegvideo mpeg4video h261 h263 vc1 mjpeg gif vvc"
DEMUXERS = (
    "mov matroska avi mpegts mpegps mpegvideo asf flv ivf h264 hevc m4v rm h261 h263 vc1 vc1t "
    "mjpeg gif rawvideo obu vvc yuv4mpegpipe"
)
BITSTREAM_FILTERS = (
    "h264_mp4toannexb hevc_mp4toannexb vp9_superframe_split vp9_superframe av1_frame_merge "
    "av1_frame_split extract_extradata mpeg4_unpack_bframes vvc_mp4toannexb"
)

# Parsers that are compiled once more with other entropy decoders (csrc/entropy).
COMPILED_AGAIN = (
    "libavcodec/h264_cabac.c",
    "libavcodec/x86/h264_cabac.c",
    "libavcodec/vp9block.c",
)


def _list(names: str) -> str:
    return ",".join(names.split())


def ffmpeg_options(*, sanitize: bool) -> list[str]:
    """Arguments of FFmpeg's configure: LGPL parts only, no network, nothing found by chance."""
    options = [
        "--disable-everything",
        "--disable-programs",
        "--disable-doc",
        "--disable-autodetect",
        "--disable-avdevice",
        "--disable-avfilter",
        "--disable-postproc",
        "--disable-swresample",
        "--disable-network",
        "--enable-pic",
        "--enable-libdav1d",
        "--enable-protocol=file",
        f"--enable-decoder={_list(DECODERS)}",
        f"--enable-parser={_list(PARSERS)}",
        f"--enable-demuxer={_list(DEMUXERS)}",
        f"--enable-bsf={_list(BITSTREAM_FILTERS)}",
    ]
    if sanitize:
        return [*options, "--toolchain=gcc-asan", "--optflags=-O1"]
    return [*options, "--disable-debug"]


def ffmpeg_cross_options(processor: str) -> list[str]:
    """More of them for release/zig.py's tools, which stand on PATH."""
    return [
        "--enable-cross-compile",
        "--target-os=linux",
        f"--arch={processor}",
        "--cross-prefix=zig-",
        "--cc=zig-cc",
        # glibc 2.28 still has the function, but zig's headers, of a later one, have no sysctl.h.
        "--extra-cflags=-Dsysctl=no_sysctl",
    ]


def dav1d_options(*, sanitize: bool) -> list[str]:
    """Arguments of `meson setup`. No link-time optimisation: the taps wrap private functions."""
    options = [
        "--buildtype=release",
        "--default-library=static",
        "-Db_staticpic=true",
        "-Db_lto=false",
        "-Denable_tools=false",
        "-Denable_tests=false",
        "-Dlogging=false",
    ]
    return [*options, "-Db_sanitize=address", "-Db_lundef=false"] if sanitize else options
