# Sets MGM_FFMPEG_PREFIX, the user's own finished build or one made from source and cached,
# MGM_LIBAV, its libraries in the order of linking, and generated/sources.hpp.
foreach(name FFMPEG_PREFIX FFMPEG_TARBALL DAV1D_TARBALL)
  if(NOT MGM_${name} AND DEFINED ENV{MGM_${name}})
    set(MGM_${name} "$ENV{MGM_${name}}")
  endif()
endforeach()

if(NOT MGM_FFMPEG_PREFIX)
  set(arguments --compiler ${CMAKE_C_COMPILER}
    "--ffmpeg-tarball=${MGM_FFMPEG_TARBALL}" "--dav1d-tarball=${MGM_DAV1D_TARBALL}")
  if(MGM_SANITIZE)
    list(APPEND arguments --sanitize)
  endif()
  if(MGM_TARGET)
    list(APPEND arguments --target ${MGM_TARGET})
  endif()
  message(STATUS "Looking for FFmpeg and dav1d in the cache; building them takes minutes, once")
  execute_process(
    COMMAND ${Python_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/build_decoders.py ${arguments}
    OUTPUT_VARIABLE MGM_FFMPEG_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_VARIABLE reason ECHO_ERROR_VARIABLE
    RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${reason}")
  endif()
endif()

set(version_file ${MGM_FFMPEG_PREFIX}/include/libavutil/ffversion.h)
if(NOT EXISTS ${version_file})
  message(FATAL_ERROR "MGM_FFMPEG_PREFIX is ${MGM_FFMPEG_PREFIX}, which has no ${version_file}.")
endif()
file(READ ${version_file} version)
if(NOT version MATCHES "\"7\\.1(\\.|\")")
  message(FATAL_ERROR "${MGM_FFMPEG_PREFIX} is not FFmpeg 7.1: the taps are written for its structures.")
endif()

set(MGM_LIBAV)
foreach(name avformat avcodec swscale avutil dav1d)
  if(NOT EXISTS ${MGM_FFMPEG_PREFIX}/lib/lib${name}.a)
    message(FATAL_ERROR "MGM_FFMPEG_PREFIX is ${MGM_FFMPEG_PREFIX}, which has no lib/lib${name}.a.")
  endif()
  list(APPEND MGM_LIBAV ${MGM_FFMPEG_PREFIX}/lib/lib${name}.a)
endforeach()

foreach(name h264_cabac vp9block)
  if(NOT EXISTS ${MGM_FFMPEG_PREFIX}/include/libavcodec/${name}.c)
    message(FATAL_ERROR "MGM_FFMPEG_PREFIX is ${MGM_FFMPEG_PREFIX}, which has no include/libavcodec/${name}.c: cmake/build_decoders.py says what belongs there.")
  endif()
endforeach()

set(MGM_BUILD_INFO "{}")
if(EXISTS ${MGM_FFMPEG_PREFIX}/build-info.json)
  file(READ ${MGM_FFMPEG_PREFIX}/build-info.json MGM_BUILD_INFO)
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/sources.hpp.in ${CMAKE_CURRENT_BINARY_DIR}/generated/sources.hpp @ONLY)
message(STATUS "FFmpeg and dav1d: ${MGM_FFMPEG_PREFIX}")
