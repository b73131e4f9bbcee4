# mgm_ext._cuda: a module of its own, so that _core never needs a driver. csrc/cuda holds its kernels (*.cu) and its
# binding (*.cpp); neither includes a torch header.
file(GLOB MGM_CUDA_SOURCES CONFIGURE_DEPENDS csrc/cuda/*.cu csrc/cuda/*.cpp)
list(APPEND MGM_CUDA_SOURCES csrc/bindings/mask_options.cpp)  # how options are read: compiled into both modules
if(NOT MGM_CUDA_SOURCES)
  message(FATAL_ERROR "MGM_CUDA is ON, but csrc/cuda holds no source.")
endif()

if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES OFF)  # chosen below, from what the compiler knows
endif()
if(MGM_TARGET)
  # zig's clang may be newer than nvcc has been told of. nvcc asks the version of glibc what the C headers declare; zig's
  # are those of a later one than it links for. What only that one has does not link.
  set(CMAKE_CUDA_HOST_COMPILER ${CMAKE_CXX_COMPILER})
  set(CMAKE_CUDA_FLAGS "-allow-unsupported-compiler -Xcompiler -U__GLIBC_MINOR__,-D__GLIBC_MINOR__=42")
endif()
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)

if(NOT CMAKE_CUDA_ARCHITECTURES)
  execute_process(COMMAND ${CMAKE_CUDA_COMPILER} --list-gpu-arch OUTPUT_VARIABLE known)
  set(CMAKE_CUDA_ARCHITECTURES)
  foreach(architecture 75-real 80-real 86-real 89-real 90 100-real 120-real)  # 90 as PTX, too: for all that come later
    string(REGEX MATCH "^[0-9]+" number ${architecture})
    if(known MATCHES "compute_${number}[\r\n]")
      list(APPEND CMAKE_CUDA_ARCHITECTURES ${architecture})
    endif()
  endforeach()
endif()
message(STATUS "CUDA architectures: ${CMAKE_CUDA_ARCHITECTURES}")

pybind11_add_module(_cuda MODULE ${MGM_CUDA_SOURCES})
target_include_directories(_cuda PRIVATE csrc)
target_include_directories(_cuda SYSTEM PRIVATE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
# No fused multiply-add: the CPU core has none, and masks are the same bits on both.
target_compile_options(_cuda PRIVATE
  $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false>
  $<$<COMPILE_LANGUAGE:CXX>:${MGM_WARNINGS}>)
target_link_options(_cuda PRIVATE ${MGM_EXPORTS})
# By its path: where nvcc's host compiler is zig, CMake does not learn in which folders nvcc looks.
set(MGM_CUDA_FOLDERS ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
list(TRANSFORM MGM_CUDA_FOLDERS APPEND /../lib)
find_library(MGM_CUDA_RUNTIME cudart_static REQUIRED
  HINTS ${MGM_CUDA_FOLDERS} ${CMAKE_CUDA_IMPLICIT_LINK_DIRECTORIES})
target_link_libraries(_cuda PRIVATE ${MGM_CUDA_RUNTIME} rt Threads::Threads ${CMAKE_DL_LIBS})
set_target_properties(_cuda PROPERTIES CUDA_VISIBILITY_PRESET hidden CUDA_RUNTIME_LIBRARY None
  LINKER_LANGUAGE CXX)
if(MGM_DEVELOP)
  set_target_properties(_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_SOURCE_DIR}/mgm_ext)
endif()
install(TARGETS _cuda LIBRARY DESTINATION mgm_ext)
