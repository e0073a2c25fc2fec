# A thin front for CMake. `make help` lists the targets.
BUILD ?= build
export DOGBERRY_DATA ?= ../shared/data

RUNS ?= 1000000
FUZZ_TARGETS = $(patsubst fuzz_%.c,%,$(notdir $(sort $(wildcard tests/*/fuzz_*.c))))

.PHONY: help deps build firmware demo test test-isa test-sanitize bounds fuzz lint format clean
.PHONY: bench bench-programs bench-train bench-dogberry bench-shakespeare bench-tinyshakespeare bench-runtime bench-rp2040 bench-kernels bench-quality bench-import
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 30

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
	@tools/install-deps test
	@tools/run-tests $(BUILD)

test-isa: build ## the same tokens on every instruction set: a table of digests, then consoles of emulated machines
	@tools/install-deps test
	@tests/isa/compare.sh $(BUILD)/tests/isa/make_presets $(BUILD)/tests/isa/talk_host $(BUILD)/isa || [ $$? -eq 77 ]
	@tests/isa/console.sh $(BUILD)/dogberry $(BUILD)/tests/isa/make_presets $(BUILD)/isa-console || [ $$? -eq 77 ]

bounds: deps ## worst-case stack and code size of the runtime on bare machines, checked (docs/PORTING.md)
	@tests/bounds/bounds.mjs .

fuzz: ## every fuzz target under libFuzzer and sanitizers, one after another (RUNS=1000000 each; docs/FUZZING.md)
	@tools/install-deps lint
	@for target in $(FUZZ_TARGETS); do BUILD=$(BUILD) tests/fuzz/run $$target $(RUNS) || exit 1; done

bench: bench-programs firmware ## the quick measurements of docs/BENCHMARKS.md (some need DOGBERRY_DATA)
	@bench/run $(BUILD)

bench-programs: build
	@cmake --build $(BUILD) --target bench_train original_recipe -- --quiet

bench-train: bench-programs ## training speed beside sgemm and PyTorch (PYTHON names a Python that has it)
	@bench/train.sh $(BUILD)

bench-dogberry: build firmware ## the Dogberry model from text to board (MINUTES=20)
	@bench/dogberry.sh $(BUILD)

bench-shakespeare: bench-programs ## the original recipe and ours against the clock, and variants (THEIRS=30 OURS=10)
	@bench/shakespeare.sh $(BUILD)

bench-tinyshakespeare: build ## nats per character within 1 MiB (MINUTES=9 each)
	@bench/tinyshakespeare.sh $(BUILD)

bench-quality: build ## what each of the thirteen transformers learns, with samples (MINUTES=1 MIDDLE=2 LARGE=4 HUGE=8)
	@bench/quality.sh $(BUILD)

bench-kernels: build ## what a weight costs in each set of kernels: emulated Arm cores, then this machine
	@bench/kernels.sh $(BUILD)
	@bench/kernels_fast.sh $(BUILD)

bench-rp2040: build firmware ## every preset on the emulated Pico: flash, RAM, cycles, tokens/s (TRAIN_SECONDS=20 each)
	@bench/rp2040.sh $(BUILD)

bench-import: build firmware ## the published models of tiny-transformers-rp2040 as int8 images: loss, and speed on the emulated Pico
	@bench/import.sh $(BUILD)

bench-runtime: build firmware ## images of the Shakespeare models: bytes, RAM, emulated cycles, loss, digests (MINUTES=4 each)
	@bench/runtime.sh $(BUILD)

lint: build ## clang-tidy, cppcheck, formatting and the arrows between the folders
	@tools/lint $(BUILD)

format: ## rewrite the sources in the house style
	@clang-format -i $$(git ls-files 'runtime/*.[ch]' 'host/*.[ch]' 'cli/*.[ch]' 'firmware/*.[ch]' 'tests/*.[ch]')

clean: ## remove what was built
	rm -rf build build-*
