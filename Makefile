# A thin front for CMake. `make help` lists the targets.
BUILD ?= build
export DOGBERRY_DATA ?= ../shared/data

.PHONY: help deps build firmware demo test test-sanitize bench lint format clean
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

deps: ## install what is missing on Debian or Ubuntu (asks sudo when not root)
	@tools/install-deps

build: deps ## the command line tool: build/dogberry
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_OPTIONS) > /dev/null
	@cmake --build $(BUILD) -- --quiet

firmware: deps ## firmware for the Raspberry Pi Pico: build/firmware/rp2040.bin
	@firmware/rp2040/build.sh $(BUILD)/firmware

demo: build firmware ## from nothing to an emulated Pico that talks, in a few minutes
	@tools/demo $(BUILD)

test: build firmware ## every test, with sanitizers where they can run
	@tools/run-tests $(BUILD)

bench: build firmware ## the figures of docs/BENCHMARKS.md (needs DOGBERRY_DATA for the Shakespeare ones)
	@bench/run $(BUILD)

lint: build ## clang-tidy, cppcheck, formatting and the arrows between the folders
	@tools/lint $(BUILD)

format: ## rewrite the sources in the house style
	@clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## remove what was built
	rm -rf build build-*
