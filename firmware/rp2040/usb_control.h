/*
 * Control transfers on endpoint 0: standard requests and those of a CDC-ACM serial port.
 * Called from the USB interrupt only.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_USB_CONTROL_H
#define FIRMWARE_USB_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include "hardware/structs/usb.h"

/* What control transfers mean for the data endpoints. */
struct usb_control_events {
    void (*configure)(bool on);           /* SET_CONFIGURATION, or a bus reset (off) */
    void (*set_ready)(bool terminal);     /* DTR: a terminal program opened or closed the port */
    void (*clear_halt)(uint8_t endpoint); /* bit 7: in; its data toggle restarts at 0 */
};

/* Sets who is told; `events` must live on. */
void usb_control_start(const struct usb_control_events *events);

/* The bus was reset: address 0, not configured. */
void usb_control_reset(void);

/* A SETUP packet lies in the USB memory. */
void usb_control_setup(void);

/* A packet of endpoint 0 has gone out (IN) or come in (OUT). */
void usb_control_in_done(void);
void usb_control_out_done(void);

/* Hands a packet buffer to the USB hardware. `value` holds length, data toggle and, for IN, the full bit. */
void usb_arm(io_rw_32 *control, uint32_t value);

/* Copies into USB memory byte by byte: it is device memory, where wide unaligned stores are not allowed. */
void usb_copy_in(volatile uint8_t *packet, const uint8_t *bytes, uint32_t length);

#endif
