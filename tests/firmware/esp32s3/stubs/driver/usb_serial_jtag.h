/* ESP-IDF, "USB Serial/JTAG": the driver's calls, as documented. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

typedef struct {
    uint32_t tx_buffer_size, rx_buffer_size;
} usb_serial_jtag_driver_config_t;

esp_err_t usb_serial_jtag_driver_install(usb_serial_jtag_driver_config_t *config);
int usb_serial_jtag_read_bytes(void *buffer, uint32_t length, TickType_t wait);
int usb_serial_jtag_write_bytes(const void *source, size_t size, TickType_t wait);
