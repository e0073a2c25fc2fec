/*
 * A USB serial port (CDC-ACM device) on the RP2040's and RP2350's own USB controller. Interrupt driven: what
 * arrives waits in a ring and, when that is full, at the host; what is written goes out as the host asks for it.
 * SPDX-License-Identifier: MIT
 */
#ifndef FIRMWARE_USB_CDC_H
#define FIRMWARE_USB_CDC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Switches the controller on and pulls the bus up: the host sees a device from here on. `received` is called
 * in the interrupt with every byte that arrives, before it is put into the ring. */
void usb_cdc_start(void (*received)(uint8_t byte));

/* Never waits. Returns the next byte that came in, or -1. */
int usb_cdc_read(void);

/* Queues as many of `length` bytes as there is room for; none while no host has configured the device.
 * Never waits. Returns how many. */
size_t usb_cdc_write(const char *bytes, size_t length);

/* Never fails. Returns whether a host has configured the device. */
bool usb_cdc_configured(void);

/* Never fails. Returns whether a terminal program that has the port open has read anything. */
bool usb_cdc_is_read(void);

/* Whether a terminal program has opened the port since the last call. */
bool usb_cdc_take_opened(void);

#endif
