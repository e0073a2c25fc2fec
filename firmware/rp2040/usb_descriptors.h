/*
 * What the board tells a USB host about itself.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_USB_DESCRIPTORS_H
#define FIRMWARE_USB_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

#define USB_EP_NOTIFY 1 /* interrupt in: serial state, never used but required */
#define USB_EP_DATA 2   /* bulk in and out */
#define USB_PACKET 64   /* bytes in a bulk or control packet at full speed */
#define USB_NOTIFY_PACKET 8

/* Finds a descriptor by GET_DESCRIPTOR's wValue (type in the high byte, index in the low one).
 * Returns its bytes, in flash or a static buffer, and their number; NULL where there is none. */
const uint8_t *usb_descriptor(uint16_t value, size_t *length);

#endif
