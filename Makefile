# SPDX-License-Identifier: Apache-2.0
# wiretally: build, run, test, show and measure it. `make help` lists the targets.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# V=1 shows every command in full.
Q := $(if $(V),,@)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
SWIFT ?= swift
PROGRAM := .build/release/wiretally
# The Swift libraries are linked in: the program runs where there is no Swift.
RELEASE := -c release --static-swift-stdlib
# In CI one build of the tests serves the run and its coverage (`make coverage-check` after it).
COVERAGE ?= $(if $(CI),--enable-code-coverage)

# One place for the version: what --version says.
VERSION := $(shell sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/wiretally/Commands/Wiretally.swift)
# The time of what is installed is that of its source.
EPOCH := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md))
# Who answers for a package: Debian's own settings for it. Where it is from: the repository that it was cloned from.
DEBFULLNAME ?= wiretally maintainers
DEBEMAIL ?= maintainers@wiretally.invalid
MAINTAINER ?= $(DEBFULLNAME) <$(DEBEMAIL)>
HOMEPAGE ?= $(patsubst %.git,%,$(filter https://%,$(shell git remote get-url origin 2>/dev/null)))
export DESTDIR PREFIX
INSTALLING = VERSION='$(VERSION)' DATE="$$(LC_ALL=C date -u -d @$(EPOCH) '+%B %-d, %Y')" PROGRAM='$(PROGRAM)'

# Any clang that can compile for BPF: Debian's or the Swift toolchain's.
BPF_CLANG ?= $(firstword $(foreach c,clang-14 clang-19 clang-16 clang-15 clang,$(shell command -v $(c))))
BPF_OBJECT := Sources/CHTTPFilter/http_filter.bpf.o
OWNER_OBJECT := Sources/COwnerFilter/owner.bpf.o
TLS_OBJECT := Sources/CTLSFilter/tls.bpf.o
TLS_SOURCES := bpf/compile $(wildcard bpf/tls*) bpf/owner_types.h bpf/http_begins.h bpf/http_methods.h Sources/CTLSFilter/include/tls_record.h
OWNER_SOURCES := bpf/compile $(wildcard bpf/owner*) Sources/COwnerFilter/include/owner_record.h
BPF_SOURCES := bpf/compile $(wildcard bpf/*.c bpf/*.h) $(wildcard Sources/CHTTPFilter/include/*.h)
# Which compiler made the object: another one makes it again.
BPF_STAMP := .build/bpf-compiler
# Every compiler that its size is checked with: `make bpf-sizes`.
BPF_COMPILERS ?= clang-14 clang-15 clang-16 clang-19 clang

# What building takes. What the tests, the demo, the benchmarks and the guests need on top of it are groups in
# Tests/packages, the one list: @test, @kernels, ...
BUILD_PACKAGES := libbpf-dev libelf-dev zlib1g-dev libpcap-dev libseccomp-dev libncurses-dev libssl-dev linux-libc-dev \
	libbz2-dev liblzma-dev libzstd-dev libtomlplusplus-dev libre2-dev
INSTALL := packaging/install-packages
# What the bench beside peers takes from the environment, through sudo as well.
PEER_SETTINGS := RUNS ONLY SKIP CORPORA RATE SECS SIZE PIPELINES MONITOR_CPU CONTESTANT BENCH_DIR

.PHONY: help
help: ## This list
	@echo 'wiretally: watch HTTP traffic off the wire'; echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo; echo '  make run THRESHOLD=10 ARGS="-i eth0"    passes ARGS on; V=1 shows the commands'

.PHONY: deps
deps: ## Install what building takes (Debian packages)
	$(Q)packaging/install-packages $(BUILD_PACKAGES)
	$(Q)command -v $(SWIFT) >/dev/null || { echo 'make: there is no swift: install a Swift 6.3 toolchain from swift.org and put it on the PATH' >&2; exit 1; }
	$(Q)if [ -z '$(BPF_CLANG)' ] || ! $(BPF_CLANG) --print-targets | grep -q bpf; then packaging/install-packages clang llvm; fi

.PHONY: test-deps
test-deps: deps
	$(Q)$(INSTALL) @test

.PHONY: bpf
bpf: $(BPF_OBJECT) $(OWNER_OBJECT) $(TLS_OBJECT) ## Compile the filter for the kernel and check the size of its programs: BPF_CLANG=clang-16

.PHONY: FORCE
$(BPF_STAMP): FORCE
	$(Q)mkdir -p $(@D); \
	version=$$(for c in $(BPF_CLANG) clang-14 clang; do command -v $$c && $$c --version | head -n 1 && break; done); \
	[ "$$(cat $@ 2>/dev/null)" = "$$version" ] || echo "$$version" >$@

# The C file that embeds the object is touched, since the package manager does not see the dependency.
$(BPF_OBJECT): $(BPF_SOURCES) $(BPF_STAMP)
	@echo "  bpf     $@ ($$(sed -n 1p $(BPF_STAMP)))"
	$(Q)bpf/compile "$$(sed -n 1p $(BPF_STAMP))" $@
	$(Q)touch Sources/CHTTPFilter/http_filter.c

$(OWNER_OBJECT): $(OWNER_SOURCES) $(BPF_STAMP)
	@echo "  bpf     $@ ($$(sed -n 1p $(BPF_STAMP)))"
	$(Q)bpf/compile "$$(sed -n 1p $(BPF_STAMP))" $@ bpf/owner.bpf.c
	$(Q)touch Sources/COwnerFilter/owner.c

$(TLS_OBJECT): $(TLS_SOURCES) $(BPF_STAMP)
	@echo "  bpf     $@ ($$(sed -n 1p $(BPF_STAMP)))"
	$(Q)bpf/compile "$$(sed -n 1p $(BPF_STAMP))" $@ bpf/tls.bpf.c
	$(Q)touch Sources/CTLSFilter/tls.c

# The packet table takes a second for each object; most of the time goes into building the tests. CI has built them, with
# what counts their coverage: without it all would be built again.
.PHONY: bpf-sizes
bpf-sizes: deps bpf ## Compile the filter by every clang there is; each attaches to old kernels and passes the packet table
	$(Q)for c in $(filter-out clang,$(BPF_COMPILERS)); do $(INSTALL) $$c || echo "  without $$c: it cannot be installed here"; done
	$(Q)rm -rf .build/bpf && for c in $(BPF_COMPILERS); do if command -v $$c >/dev/null; then \
		echo "  bpf     $$c: $$($$c --version | head -n 1)"; bpf/compile $$c .build/bpf/$$c.o || exit 1; bpf/compile $$c .build/bpf/owner/$$c.o bpf/owner.bpf.c || exit 1; bpf/compile $$c .build/bpf/tls/$$c.o bpf/tls.bpf.c || exit 1; fi; done
	$(Q)$(SUDO) env PATH="$$PATH" WIRETALLY_FILTERS=$(CURDIR)/.build/bpf $(SWIFT) test $(COVERAGE) --filter 'FilterObjectTests|PacketTableTests' $(ARGS)

.PHONY: build
build: deps bpf ## Build the release program: .build/release/wiretally
	@echo '  swift   $(PROGRAM)'
	$(Q)$(SWIFT) build $(RELEASE) --product wiretally

.PHONY: run
run: build ## Build and watch: make run THRESHOLD=10
	$(Q)[ -n '$(THRESHOLD)' ] || { echo 'make: give the threshold of the alert: make run THRESHOLD=10' >&2; exit 64; }
	$(Q)$(SUDO) $(PROGRAM) -t $(THRESHOLD) $(ARGS)

.PHONY: test
test: test-deps build ## Run every test; its last lines say how many ran, and which were skipped and why
	$(Q)$(SUDO) env PATH="$$PATH" SWIFT='$(SWIFT)' WIRETALLY=$(CURDIR)/$(PROGRAM) Tests/run $(COVERAGE) $(ARGS)

# What takes longer than CI may, on top of it; run before a change is called done.
.PHONY: test-all
test-all: ## Everything: what CI runs, then faults, captures re-created, churn, other kernels and releases (hours)
	$(Q).ci/run
	$(Q)$(MAKE) --no-print-directory test-faults
	$(Q)$(MAKE) --no-print-directory test-captures
	$(Q)$(MAKE) --no-print-directory test-programs
	$(Q)$(MAKE) --no-print-directory test-replay
	$(Q)$(MAKE) --no-print-directory soak MINUTES=10
	$(Q)$(MAKE) --no-print-directory test-kernels
	$(Q)$(MAKE) --no-print-directory test-release
	$(Q)$(MAKE) --no-print-directory fuzz SECONDS=60

.PHONY: test-captures
test-captures: test-deps bpf ## Re-create the captures, check each against the logs of its servers
	$(Q)$(INSTALL) @captures
	$(Q)$(SUDO) env PATH="$$PATH" SWIFT='$(SWIFT)' Tests/Captures/check

# Debian's Python before any other one: the servers' packages are its own.
.PHONY: test-programs
test-programs: test-deps build ## Real HTTP/2 and gRPC programs, watched live: the counts equal the servers' logs
	$(Q)$(INSTALL) @captures
	$(Q)$(SUDO) /usr/bin/python3 Tests/Captures/live $(CURDIR)/$(PROGRAM) $(ARGS)

.PHONY: test-tls-programs
test-tls-programs: test-deps build ## 10,000 requests over TLS of each client to each server: the counts equal the logs (ARGS="nginx")
	$(Q)$(INSTALL) @captures
	$(Q)$(SUDO) env COUNT="$$COUNT" Tests/Programs/tls $(CURDIR)/$(PROGRAM) $(ARGS)

.PHONY: test-replay
test-replay: test-deps build ## Replay every Ethernet capture to live watches at each depth: they count what `read` does
	$(Q)$(SUDO) Tests/Replay/replay $(CURDIR)/$(PROGRAM) $(ARGS)

.PHONY: test-faults
test-faults: test-deps build ## Every fault for real, and the n-th call of the start fails for every n (some ten minutes)
	$(Q)$(SUDO) Tests/FaultInjection/faults $(CURDIR)/$(PROGRAM) $(ARGS)
	$(Q)$(SUDO) Tests/FaultInjection/faults $(CURDIR)/$(PROGRAM) --sweep

MINUTES ?= 30
.PHONY: soak
soak: test-deps build ## Churn for MINUTES=30: new hosts and clients, a renewed interface; memory and counts hold
	$(Q)$(SUDO) Tests/Soak/soak $(CURDIR)/$(PROGRAM) $(MINUTES)

.PHONY: test-kernels
test-kernels: build ## Boot Debian 11's and 12's kernels in an emulator and count there: KERNELS="bullseye"
	$(Q)$(INSTALL) @kernels
	$(Q)WIRETALLY=$(CURDIR)/$(PROGRAM) Tests/Kernels/run $(KERNELS)

.PHONY: test-fleet
test-fleet: test-deps build ## Prometheus, Alertmanager and Chromium against two monitors (installs them)
	$(Q)$(INSTALL) @fleet
	$(Q)$(SUDO) Tests/Fleet/run $(PROGRAM)

.PHONY: demo
demo: test-deps build ## Pages, an alert and its recovery within a minute, on traffic of its own
	$(Q)$(SUDO) Tests/Demo/demo $(PROGRAM)

.PHONY: picture
picture: test-deps build ## Record the picture of the screen in the README again, from a real run
	$(Q)$(INSTALL) @picture
	$(Q)$(SUDO) Tests/Demo/picture $(PROGRAM)

.PHONY: test-tsan
test-tsan: test-deps bpf ## The tests under the thread sanitiser
	$(Q)$(SUDO) env PATH="$$PATH" SWIFT=$(SWIFT) Tests/Sanitizers/run thread $(ARGS)

.PHONY: test-asan
test-asan: test-deps bpf ## The tests under the address sanitiser
	$(Q)$(SUDO) env PATH="$$PATH" SWIFT=$(SWIFT) Tests/Sanitizers/run address $(ARGS)

.PHONY: test-ubsan
test-ubsan: deps bpf ## The kernel's filter, built for this machine, under the undefined and address sanitisers
	$(Q)$(INSTALL) @fuzz
	$(Q)SWIFT=$(SWIFT) Tests/Fuzzing/run 5 KernelFilter

.PHONY: fuzz
fuzz: deps bpf ## Fuzz all targets, SECONDS=60 each, or one: TARGET=FlowMachine; SEED=1 repeats
	$(Q)$(INSTALL) @fuzz
	$(Q)SWIFT=$(SWIFT) SEED='$(or $(SEED),0)' Tests/Fuzzing/run '$(or $(SECONDS),60)' '$(TARGET)'

.PHONY: coverage
coverage: ## Run the tests and say how much of each module they reach
	$(Q)$(MAKE) --no-print-directory test COVERAGE=--enable-code-coverage ARGS='$(ARGS)'
	$(Q)Tests/Coverage/modules

.PHONY: coverage-check
coverage-check: ## Fail when what the last `make coverage` reached is too little
	$(Q)Tests/Coverage/modules --check

.PHONY: bench
bench: test-deps build ## Measure this machine: one table
	$(Q)$(SUDO) env PATH="$$PATH" ROUNDS="$$ROUNDS" SECS="$$SECS" Tests/Bench/bench $(PROGRAM)

.PHONY: bench-peers
bench-peers: build ## Measure it beside httpry, ngrep, tcpdump and the floors: ARGS="files", "live", "filter", "server" (all: an hour)
	$(Q)$(INSTALL) @peers
	$(Q)$(SUDO) env PATH="$$PATH" BPF_CLANG='$(BPF_CLANG)' $(foreach v,$(PEER_SETTINGS),$(v)="$$$(v)") Tests/Bench/Peers/run $(PROGRAM) $(ARGS)

.PHONY: bench-hostile
bench-hostile: test-deps build ## Attacks at MBIT=10 beside an honest load: processor time, counts, memory (SECS=10)
	$(Q)$(SUDO) env PATH="$$PATH" SECS="$$SECS" MBIT="$$MBIT" Tests/Hostile/hostile $(PROGRAM) $(ARGS)

.PHONY: allocations
allocations: build ## Count what a head allocates, and look for reference counts in its functions: none
	$(Q)$(INSTALL) @allocations
	$(Q)Tests/Bench/allocations $(PROGRAM)

.PHONY: install
install: ## Install what `make build` built: PREFIX=/usr/local, DESTDIR=
	$(Q)[ -x $(PROGRAM) ] || { echo 'make: build it first: make build' >&2; exit 1; }
	$(Q)$(INSTALLING) packaging/install install

.PHONY: uninstall
uninstall: ## Remove it again; logs and configuration stay
	$(Q)$(INSTALLING) packaging/install uninstall

# The oldest C library that a release runs with, and the Debian release whose it is linked with.
RELEASE_GLIBC := 2.29
RELEASE_BASE := bullseye
RELEASE_LIBRARIES := $(CURDIR)/.build/release-libraries
DIST := .build/dist
PACK = $(INSTALLING) EPOCH=$(EPOCH) MAINTAINER='$(MAINTAINER)' HOMEPAGE='$(HOMEPAGE)' GLIBC=$(RELEASE_GLIBC) \
	LIBRARIES=$(RELEASE_LIBRARIES) SWIFT='$(SWIFT)'
DEB = $(DIST)/wiretally_$(VERSION)_$$(dpkg --print-architecture).deb

.PHONY: release
release: deps bpf ## Build a tarball and a Debian package that need nothing but glibc: .build/dist
	$(Q)$(INSTALL) @release
	$(Q)packaging/release/libraries $(RELEASE_LIBRARIES) $(RELEASE_BASE)
	@# The linker's map goes with the libraries; the package manager does not see either change.
	$(Q)[ -e $(RELEASE_LIBRARIES)/map ] || rm -f $(PROGRAM)
	@echo '  swift   the program of a release'
	$(Q)WIRETALLY_RELEASE_LIBRARIES=$(RELEASE_LIBRARIES) $(SWIFT) build $(RELEASE) --disable-local-rpath --product wiretally
	$(Q)$(PACK) OUT=$(DIST) packaging/release/build

.PHONY: deb
deb: release ## The same: its Debian package is .build/dist/wiretally_VERSION_ARCH.deb

.PHONY: test-package
test-package: release ## Check the package, install it, run it as its unit would, and purge it
	$(Q)$(INSTALL) @test @package
	$(Q)$(SUDO) packaging/test-package $(DEB)

.PHONY: test-release
test-release: release ## Run the release in bootstrapped systems: RELEASES="bullseye bookworm trixie"
	$(Q)$(INSTALL) @test-release
	$(Q)$(PACK) OUT=$(DIST)-again packaging/release/build >/dev/null && cmp $(DIST)/SHA256SUMS $(DIST)-again/SHA256SUMS
	$(Q)$(SUDO) env GLIBC=$(RELEASE_GLIBC) packaging/test-release $(DIST) $(RELEASES)

.PHONY: format
format: ## Format the sources
	$(Q)$(SWIFT) format -i -r Sources Tests Package.swift
	$(Q)command -v clang-format >/dev/null && clang-format -i bpf/*.[ch] Sources/C*/*.c Sources/C*/*.cpp Sources/C*/include/*.h || true

.PHONY: lint
lint: ## Check the format, the words, Python, shell and JavaScript, and that a list installs each command that is run
	$(Q)$(INSTALL) @lint
	$(Q)$(SWIFT) format lint -s -r Sources Tests Package.swift
	$(Q)clang-format --dry-run -Werror bpf/*.[ch] Sources/C*/*.c Sources/C*/*.cpp Sources/C*/include/*.h
	$(Q)Tests/Lint/words
	$(Q)Tests/Lint/commands
	$(Q)Tests/Lint/python
	$(Q)Tests/Lint/shell
	$(Q)Tests/Lint/javascript

.PHONY: clean
clean: ## Remove what was built
	$(Q)rm -rf .build .build-* $(BPF_OBJECT) $(BPF_OBJECT).tmp $(OWNER_OBJECT) $(OWNER_OBJECT).tmp
