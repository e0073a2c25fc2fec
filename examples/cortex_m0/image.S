/* The image, linked in: IMAGE is defined as its path, in quotes. */
    .section .rodata
    .balign 16
    .global image_begin, image_end
image_begin:
    .incbin IMAGE
image_end:
