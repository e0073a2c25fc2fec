/*
 * Descriptors of one CDC-ACM serial port.
 * Sources: USB 2.0 specification, chapter 9; Class Definitions for Communications Devices 1.2; PSTN subclass 1.2.
 * SPDX-License-Identifier: MIT
 */
#include "usb_descriptors.h"
#include "pico.h"

#define LOW(x) ((x)&0xFF)
#define HIGH(x) ((x) >> 8)

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3, INTERFACE = 4, ENDPOINT = 5, ASSOCIATION = 11, CS_INTERFACE = 0x24 };
enum {
    CLASS_COMMUNICATION = 2,
    SUBCLASS_ACM = 2,
    CLASS_DATA = 10,
    CLASS_MISCELLANEOUS = 0xEF,
    ATTRIBUTE_BULK = 2,
    ATTRIBUTE_INTERRUPT = 3
};

#define VENDOR 0x2E8A /* Raspberry Pi, whose serial port product ids SDK programs may use */
#if PICO_RP2040
#define PRODUCT 0x000A
#else
#define PRODUCT 0x0009
#endif

/* clang-format off */
static const uint8_t device[18] = {
    sizeof device,  DEVICE,         0x00,         0x02,          /* USB 2.0 */
    CLASS_MISCELLANEOUS, 2,         1,            USB_PACKET,    /* functions have associations below */
    LOW(VENDOR),    HIGH(VENDOR),   LOW(PRODUCT), HIGH(PRODUCT),
    0x00,           0x01,                                        /* version 1.0 */
    1,              2,              0,                           /* strings: maker, product, no serial number */
    1,                                                           /* configurations */
};

#define CONFIGURATION_BYTES (9 + 8 + 9 + 5 + 5 + 4 + 5 + 7 + 9 + 7 + 7)

static const uint8_t configuration[CONFIGURATION_BYTES] = {
    9, CONFIGURATION, LOW(CONFIGURATION_BYTES), HIGH(CONFIGURATION_BYTES), 2, 1, 0, 0x80, 50, /* bus power, 100 mA */
    /* Both interfaces are one serial port; Windows wants to be told. */
    8, ASSOCIATION, 0, 2, CLASS_COMMUNICATION, SUBCLASS_ACM, 0, 0,
    /* Interface 0: control. */
    9, INTERFACE, 0, 0, 1, CLASS_COMMUNICATION, SUBCLASS_ACM, 0, 0,
    5, CS_INTERFACE, 0, 0x20, 0x01, /* header: CDC 1.20 */
    5, CS_INTERFACE, 1, 0, 1,       /* call management: none, data on interface 1 */
    4, CS_INTERFACE, 2, 6,          /* ACM: line coding, control lines, break */
    5, CS_INTERFACE, 6, 0, 1,       /* union of interfaces 0 and 1 */
    7, ENDPOINT, 0x80 | USB_EP_NOTIFY, ATTRIBUTE_INTERRUPT, USB_NOTIFY_PACKET, 0, 255,
    /* Interface 1: data. */
    9, INTERFACE, 1, 0, 2, CLASS_DATA, 0, 0, 0,
    7, ENDPOINT, USB_EP_DATA, ATTRIBUTE_BULK, USB_PACKET, 0, 0,
    7, ENDPOINT, 0x80 | USB_EP_DATA, ATTRIBUTE_BULK, USB_PACKET, 0, 0,
};

/* clang-format on */

/* A string descriptor is UTF-16; ours are ASCII. */
static const uint8_t *string(uint8_t index, size_t *length)
{
    static const char *const strings[] = {NULL, "Dogberry", "Dogberry console"};
    static uint8_t descriptor[2 + 2 * 16];
    size_t n = 2;

    if (index == 0) { /* the languages: US English */
        descriptor[n++] = 0x09;
        descriptor[n++] = 0x04;
    } else if (index < count_of(strings)) {
        for (const char *c = strings[index]; *c && n < sizeof descriptor; c++) {
            descriptor[n++] = (uint8_t)*c;
            descriptor[n++] = 0;
        }
    } else {
        return NULL;
    }
    descriptor[0] = (uint8_t)n;
    descriptor[1] = STRING;
    *length = n;
    return descriptor;
}

const uint8_t *usb_descriptor(uint16_t value, size_t *length)
{
    uint8_t index = (uint8_t)(value & 0xFF);

    switch (value >> 8) {
    case DEVICE:
        *length = sizeof device;
        return device;
    case CONFIGURATION:
        *length = sizeof configuration;
        return index == 0 ? configuration : NULL;
    case STRING:
        return string(index, length);
    default:
        return NULL;
    }
}
