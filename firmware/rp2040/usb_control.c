/*
 * Control transfers. Source: USB 2.0 chapters 8.5.3 and 9.4; PSTN subclass 1.2, 6.3; RP2040 datasheet, 4.1.2.
 *
 * A transfer is a SETUP packet, perhaps data in one direction, and an empty packet in the other ("status").
 * SPDX-License-Identifier: MIT
 */
#include "usb_control.h"
#include "usb_descriptors.h"

#include "pico.h"

enum request_type { TYPE_MASK = 0x60, TYPE_STANDARD = 0x00, TYPE_CLASS = 0x20, DIRECTION_IN = 0x80, RECIPIENT = 0x1F };
enum recipient { RECIPIENT_ENDPOINT = 2 };

enum standard_request {
    GET_STATUS = 0,
    CLEAR_FEATURE = 1,
    SET_FEATURE = 3,
    SET_ADDRESS = 5,
    GET_DESCRIPTOR = 6,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION = 9,
    GET_INTERFACE = 10,
    SET_INTERFACE = 11
};

enum class_request { SET_LINE_CODING = 0x20, GET_LINE_CODING = 0x21, SET_CONTROL_LINE_STATE = 0x22, SEND_BREAK = 0x23 };

#define LINE_CODING_BYTES 7
#define DTR 1u

struct setup {
    uint8_t type, request;
    uint16_t value, index, length;
};

static struct {
    const struct usb_control_events *events;
    enum { IDLE, DATA_IN, DATA_OUT, STATUS_IN, STATUS_OUT } stage;
    const uint8_t *data; /* what is still to go out */
    uint32_t left;
    bool ends_short; /* the last packet must be shorter than USB_PACKET */
    uint32_t toggle; /* of the next data packet */
    uint8_t address; /* takes effect after the status packet */
    uint8_t configuration;
    uint8_t line_coding[LINE_CODING_BYTES];
} control = {.line_coding = {0x00, 0xC2, 0x01, 0x00, 0, 0, 8}}; /* 115200 8N1 */

void usb_arm(io_rw_32 *buffer, uint32_t value)
{
    *buffer = value;
    /* The controller looks at this word with its own, slower clock: AVAILABLE comes when the rest has settled. */
    busy_wait_at_least_cycles(12);
    *buffer = value | USB_BUF_CTRL_AVAIL;
}

void usb_copy_in(volatile uint8_t *packet, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        packet[i] = bytes[i];
}

static void send_packet(const uint8_t *bytes, uint32_t length)
{
    usb_copy_in(usb_dpram->ep0_buf_a, bytes, length);
    usb_arm(&usb_dpram->ep_buf_ctrl[0].in, USB_BUF_CTRL_FULL | control.toggle | length);
    control.toggle ^= USB_BUF_CTRL_DATA1_PID;
}

static void send_next(void)
{
    uint32_t n = MIN(control.left, USB_PACKET);

    control.stage = DATA_IN;
    send_packet(control.data, n);
    control.data += n;
    control.left -= n;
    if (n < USB_PACKET)
        control.ends_short = false;
}

static void send_data(const struct setup *setup, const uint8_t *bytes, size_t length)
{
    control.data = bytes;
    control.left = MIN(length, setup->length);
    control.ends_short = length < setup->length;
    send_next();
}

static void acknowledge(void)
{
    control.stage = STATUS_IN;
    control.toggle = USB_BUF_CTRL_DATA1_PID;
    send_packet(NULL, 0);
}

static void refuse(void)
{
    control.stage = IDLE;
    hw_set_bits(&usb_hw->ep_stall_arm, USB_EP_STALL_ARM_EP0_IN_BITS | USB_EP_STALL_ARM_EP0_OUT_BITS);
    usb_dpram->ep_buf_ctrl[0].in = USB_BUF_CTRL_STALL;
    usb_dpram->ep_buf_ctrl[0].out = USB_BUF_CTRL_STALL;
}

static void receive(void)
{
    usb_arm(&usb_dpram->ep_buf_ctrl[0].out, USB_BUF_CTRL_DATA1_PID | USB_PACKET);
}

static void standard_in(const struct setup *setup)
{
    static const uint8_t zeros[2];
    size_t length = 0;
    const uint8_t *descriptor;

    switch (setup->request) {
    case GET_DESCRIPTOR:
        descriptor = usb_descriptor(setup->value, &length);
        if (descriptor)
            send_data(setup, descriptor, length);
        else
            refuse();
        break;
    case GET_STATUS:
        send_data(setup, zeros, 2);
        break;
    case GET_CONFIGURATION:
        send_data(setup, &control.configuration, 1);
        break;
    case GET_INTERFACE:
        send_data(setup, zeros, 1);
        break;
    default:
        refuse();
    }
}

static void standard_out(const struct setup *setup)
{
    switch (setup->request) {
    case SET_ADDRESS:
        control.address = setup->value & 0x7F;
        break;
    case SET_CONFIGURATION:
        if (setup->value > 1) {
            refuse();
            return;
        }
        control.configuration = (uint8_t)setup->value;
        control.events->configure(setup->value == 1);
        break;
    case CLEAR_FEATURE: /* feature 0 of an endpoint: halt; it restarts the data toggle */
        if ((setup->type & RECIPIENT) == RECIPIENT_ENDPOINT && setup->value == 0)
            control.events->clear_halt((uint8_t)setup->index);
        break;
    case SET_FEATURE:
    case SET_INTERFACE:
        break;
    default:
        refuse();
        return;
    }
    acknowledge();
}

static void class_request(const struct setup *setup)
{
    switch (setup->request) {
    case GET_LINE_CODING:
        send_data(setup, control.line_coding, LINE_CODING_BYTES);
        break;
    case SET_LINE_CODING: /* remembered and reported back; there is no wire behind this port */
        if (setup->length != LINE_CODING_BYTES) {
            refuse();
            break;
        }
        control.stage = DATA_OUT;
        receive();
        break;
    case SET_CONTROL_LINE_STATE:
        control.events->set_ready(setup->value & DTR);
        acknowledge();
        break;
    case SEND_BREAK:
        acknowledge();
        break;
    default:
        refuse();
    }
}

void usb_control_start(const struct usb_control_events *events)
{
    control.events = events;
}

void usb_control_reset(void)
{
    usb_hw->dev_addr_ctrl = 0;
    control.stage = IDLE;
    control.address = 0;
    control.configuration = 0;
    control.events->configure(false);
}

void usb_control_setup(void)
{
    const volatile uint8_t *p = usb_dpram->setup_packet;
    struct setup setup = {
        .type = p[0],
        .request = p[1],
        .value = (uint16_t)(p[2] | p[3] << 8),
        .index = (uint16_t)(p[4] | p[5] << 8),
        .length = (uint16_t)(p[6] | p[7] << 8),
    };

    control.toggle = USB_BUF_CTRL_DATA1_PID; /* what follows a SETUP starts with DATA1 */
    if ((setup.type & TYPE_MASK) == TYPE_CLASS)
        class_request(&setup);
    else if ((setup.type & TYPE_MASK) != TYPE_STANDARD)
        refuse();
    else if (setup.type & DIRECTION_IN)
        standard_in(&setup);
    else
        standard_out(&setup);
}

void usb_control_in_done(void)
{
    if (control.stage == DATA_IN && (control.left > 0 || control.ends_short)) {
        send_next();
    } else if (control.stage == DATA_IN) {
        control.stage = STATUS_OUT;
        receive();
    } else if (control.stage == STATUS_IN) {
        control.stage = IDLE;
        if (control.address) {
            usb_hw->dev_addr_ctrl = control.address;
            control.address = 0;
        }
    }
}

void usb_control_out_done(void)
{
    if (control.stage == DATA_OUT) {
        for (int i = 0; i < LINE_CODING_BYTES; i++)
            control.line_coding[i] = ((const volatile uint8_t *)usb_dpram->ep0_buf_a)[i];
        acknowledge();
    } else {
        control.stage = IDLE;
    }
}
