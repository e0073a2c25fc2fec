#!/usr/bin/env bash
# Packages for build systems: whole, the same twice, compiled for every kind of core there is a compiler for, and their
# examples run on this machine over stubs of the frameworks.
#     packages.sh DOGBERRY
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../cli/common.sh"

"$dogberry" corpus stories --bytes 30k -o good.txt
"$dogberry" train good.txt -o model --vocab 150 --embedding 8 --hidden 8 --epochs 1 --threads 1 -q > /dev/null
"$dogberry" pack model --name 'odd "name" */ %s' -o model.dog > /dev/null
forms="arduino platformio esp-idf pico-sdk zephyr"

# ---- Files
for form in $forms; do
    succeeds "$dogberry" export model.dog --to "$form" -o "$form"
    succeeds "$dogberry" export model.dog --to "$form" -o again
    holds diff -r "$form" again
    rm -r again
    refused 1 'not empty.*--force' "$dogberry" export model.dog --to "$form" -o "$form"
    succeeds "$dogberry" export model.dog --to "$form" -o "$form" --force
    for file in LICENSE README.md export_summary.txt src/dogberry.h src/dogberry_model.c src/runtime/session.c; do
        holds test -s "$form/$file"
    done
    # One runtime for all of them.
    holds diff -r -x 'ArduinoDogberry.*' arduino/src "$form/src"
    holds sh -c "! grep -rnE '@[A-Z]+@' $form --include=* --exclude=*_model.c"
done
holds grep -q "^version=$("$dogberry" --version | cut -d' ' -f2)$" arduino/library.properties
holds grep -qx 'url=' arduino/library.properties
succeeds "$dogberry" export model.dog --to arduino -o again --url https://example.org/my-model
holds grep -qx 'url=https://example.org/my-model' again/library.properties
rm -r again
refused 2 'web address' "$dogberry" export model.dog --to arduino -o no --url "https://example.org/a
architectures=none"
refused 2 'web address' "$dogberry" export model.dog --to arduino -o no --url example.org
refused 2 '--url goes with --to arduino' "$dogberry" export model.dog --to zephyr -o no --url https://example.org
holds node -e 'JSON.parse(require("fs").readFileSync("platformio/library.json"))'
holds cmp -s arduino/src/runtime/lstm.c "$here/../../runtime/src/lstm.c"
{ head -c 5000 model.dog; printf 'X'; tail -c +5002 model.dog; } > damaged.dog
refused 1 'DOGBERRY_ERR_CHECKSUM' "$dogberry" export damaged.dog --to arduino -o no
holds test ! -e no

# ---- Compilers: the runtime part and the model
warnings="-std=c99 -O2 -ffreestanding -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"
compile() { # NAME COMPILER FLAGS...
    local name=$1 compiler=$2 file
    shift 2
    if ! command -v "$compiler" > /dev/null; then
        echo "skipped: no $compiler, so not compiled for $name"
        return
    fi
    mkdir -p "objects/$name"
    # shellcheck disable=SC2086
    for file in arduino/src/*.c arduino/src/runtime/*.c arduino/src/kernels/*/*.[cS]; do
        echo "$compiler $* $warnings -Iarduino/src -c $file -o objects/$name/$(echo "$file" | tr / _).o"
    done | xargs -P 2 -d '\n' -n 1 sh -c > out 2> err || failed "$name: $(head -c 400 err)"
    checks=$((checks + 1))
    echo "compiled for $name"
}
compile host cc
compile cortex-m0plus arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb
compile cortex-m33 arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb
compile rv32imc riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32
compile lx106 xtensa-lx106-elf-gcc -mlongcalls

# ---- Examples, on this machine
said=$("$dogberry" generate model.dog --prompt "once upon a time" --seed 1 --length 40 | tr -d ' \r\n')
holds test -n "$said"
talks() { # NAME PROGRAM: says what the command line says
    checks=$((checks + 1))
    printf 'once upon a time\n' | "./$2" 2>&1 | tr -d ' \r\n' > heard
    grep -qF -- "${said#onceuponatime}" heard || failed "$1 says $(head -c 300 heard)"
    echo "tried $1 over stubs"
}
objects=objects/host
class="-DARDUINO=10819 -Wall -Wextra -Werror -I$here/stubs/arduino"
example() { # NAME SOURCE: an Arduino sketch or program
    # shellcheck disable=SC2086
    succeeds c++ -std=c++11 $class -Iarduino/src -include Arduino.h -x c++ "$2" arduino/src/ArduinoDogberry.cpp \
        "$here/arduino_host.cpp" -x none $objects/*.o -o sketch
    talks "$1" sketch
}
if command -v c++ > /dev/null; then
    for sketch in RP2040 RP2350 ESP32S3 ESP8266; do
        example "the Arduino example $sketch" arduino/examples/$sketch/$sketch.ino
    done
    example "the PlatformIO example" platformio/examples/talk/src/main.cpp
else
    echo "skipped: no c++, so no Arduino examples"
fi
compile_class() { # COMPILER FLAGS...
    command -v "$1" > /dev/null || {
        echo "skipped: no $1, so the Arduino class is not compiled with it"
        return
    }
    # shellcheck disable=SC2086
    succeeds "$@" -std=c++17 -fno-exceptions -fno-rtti $class -Iarduino/src -c arduino/src/ArduinoDogberry.cpp -o class.o
    echo "compiled the Arduino class with $1"
}
compile_class arm-none-eabi-g++ -mcpu=cortex-m0plus -mthumb
compile_class arm-none-eabi-g++ -mcpu=cortex-m33 -mthumb
succeeds cc -std=c11 -Wall -Wextra -Werror -I"$here/stubs/esp-idf" -Iesp-idf/src -c esp-idf/examples/talk/main/main.c -o idf.o
echo 'void app_main(void); int main(void) { app_main(); return 0; }' > idf_main.c
succeeds cc idf_main.c idf.o $objects/*.o -o idf
talks "the ESP-IDF example" idf
succeeds cc -std=c11 -Wall -Wextra -Werror -I"$here/stubs/zephyr" -Izephyr/src zephyr/samples/talk/src/main.c $objects/*.o -o zephyr-talk
talks "the Zephyr sample" zephyr-talk
finish
