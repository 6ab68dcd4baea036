# SPDX-License-Identifier: Apache-2.0
# bpf: compiles the filter that the program carries in itself.

MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null || dpkg-architecture -qDEB_HOST_MULTIARCH)
BPF_CLANG ?= $(firstword $(foreach c,clang-14 clang-19 clang-16 clang-15 clang,$(shell command -v $(c))))
BPF_STRIP ?= $(firstword $(foreach c,llvm-strip llvm-strip-14 llvm-objcopy,$(shell command -v $(c))))
BPF_OBJECT := Sources/CHTTPFilter/http_filter.bpf.o
BPF_SOURCES := $(wildcard bpf/*.c bpf/*.h) Sources/CHTTPFilter/include/http_filter.h

.PHONY: bpf
bpf: $(BPF_OBJECT)

# -g for the BTF that libbpf reads the maps from; the debug information beside it is stripped. The
# C file that embeds the object is touched, since the package manager does not see the dependency.
$(BPF_OBJECT): $(BPF_SOURCES) Makefile
	$(BPF_CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Werror -I/usr/include/$(MULTIARCH) \
		-c bpf/http_filter.bpf.c -o $@.tmp
	$(BPF_STRIP) --strip-debug $@.tmp
	mv $@.tmp $@
	touch Sources/CHTTPFilter/http_filter.c
