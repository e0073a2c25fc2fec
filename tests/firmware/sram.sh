#!/bin/sh
# sram.sh FIRMWARE.elf: whatever runs while flash cannot be read in place (firmware/rp2040/stream.h) lies in SRAM, with the
# constants it reads: from its entry points no call and no literal word leads to flash.
# SPDX-License-Identifier: MIT
set -eu
command -v arm-none-eabi-objdump >/dev/null || {
    echo "skipped: arm-none-eabi-objdump is not installed"
    exit 77
}
# A literal pool's words are printed as .word; ends of loops and addresses of data in SRAM are fine. The firmware
# streams from flash: addresses of its own code and constants are what must not turn up, below the models' place.
arm-none-eabi-objdump -d "$1" | awk '
    BEGIN { split("stream stream_begin stream_end stream_breathe stream_ready probe run_streamed stream_columns run_gathered gather stream_fetch stream_wait set_frames share fetch product_run core1_main core1_post " \
                  "core1_wait core1_ready run_large dogberry_matvec_i8_short_armv6m dogberry_matvec_i8_armv6m " \
                  "dogberry_matvec_i4_armv6m dogberry_add_columns_armv6m", names, " ")
            for (i in names) wanted[names[i]] = 1 }
    /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name); sub(/\.(constprop|part|isra).*/, "", name)
                          inside = name in wanted
                          if (inside) { seen[name] = 1
                                        if ($1 !~ /^2/) { print name " lies at 0x" $1 ": not in SRAM"; bad = 1 } } }
    inside && /\t(bl|b\.n|b\.w)\t/ { target = $0; sub(/.*\tb[l.nw]*\t/, "", target); sub(/ .*/, "", target)
                                 if (target ~ /^1000|^1001/ || $0 ~ /_veneer>/) { print name ": calls flash: " $0; bad = 1 } }
    inside && /\.word\t0x100[01]/ { print name ": reads flash: " $0; bad = 1 }
    END { split("stream_fetch stream_wait share run_streamed run_gathered core1_main dogberry_matvec_i8_short_armv6m " \
                "dogberry_matvec_i8_armv6m dogberry_matvec_i4_armv6m dogberry_add_columns_armv6m", must, " ")
          for (i in must) if (!(must[i] in seen)) { print must[i] " was not found: it is inlined, or has another name"; bad = 1 }
          exit bad }'
