/* The model inside the app, where the partition table has no place for models. SPDX-License-Identifier: MIT */
    .section .rodata.dogberry, "a"
    .balign 16
    .global dogberry_model_inside
    .global dogberry_model_inside_end
dogberry_model_inside:
    .incbin MODEL_FILE
dogberry_model_inside_end:
    .byte 0
