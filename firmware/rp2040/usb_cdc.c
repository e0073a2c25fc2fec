/*
 * The data side of the USB serial port. Source: RP2040 datasheet, 4.1 (RP2350's, 12.7, is the same here).
 *
 * Endpoints have one 64-byte buffer each. A ring has one writer and one reader, of which one is the interrupt,
 * so the two indexes need no lock; they run freely and are masked where used.
 * SPDX-License-Identifier: MIT
 */
#include "usb_cdc.h"
#include "usb_control.h"
#include "usb_descriptors.h"

#include "hardware/irq.h"
#include "hardware/resets.h"
#include "hardware/sync.h"
#if PICO_RP2040
#include "pico/fix/rp2040_usb_device_enumeration.h"
#endif

#define RING_BYTES 1024u /* a power of two */
#define NOTIFY_OFFSET 0x180u
#define OUT_OFFSET 0x1C0u
#define IN_OFFSET 0x200u
#define IN_BIT(endpoint) (1u << ((endpoint)*2))
#define OUT_BIT(endpoint) (2u << ((endpoint)*2))

struct ring {
    volatile uint32_t head, tail; /* written so far, read so far */
    uint8_t bytes[RING_BYTES];
};

static struct {
    void (*received)(uint8_t byte);
    volatile bool configured, sending, listening, opened, terminal, reads;
    bool full; /* the last packet sent was */
    uint32_t in_toggle, out_toggle;
    struct ring rx, tx;
} cdc;

static uint32_t ring_used(const struct ring *ring)
{
    return ring->head - ring->tail;
}

/* Both run in the interrupt, or with it locked out. A host's read goes on until a packet comes that is not full,
 * so after a full last one an empty packet is due. */
static void send_next(void)
{
    struct ring *tx = &cdc.tx;
    uint32_t n = MIN(ring_used(tx), USB_PACKET), tail = tx->tail;
    volatile uint8_t *packet = (volatile uint8_t *)usb_dpram + IN_OFFSET;

    cdc.sending = cdc.configured && (n > 0 || cdc.full);
    if (!cdc.sending)
        return;
    cdc.full = n == USB_PACKET;
    for (uint32_t i = 0; i < n; i++)
        packet[i] = tx->bytes[(tail + i) % RING_BYTES];
    tx->tail = tail + n;
    usb_arm(&usb_dpram->ep_buf_ctrl[USB_EP_DATA].in, USB_BUF_CTRL_FULL | cdc.in_toggle | n);
    cdc.in_toggle ^= USB_BUF_CTRL_DATA1_PID;
}

static void listen_next(void)
{
    cdc.listening = cdc.configured && RING_BYTES - ring_used(&cdc.rx) >= USB_PACKET;
    if (!cdc.listening)
        return; /* the host is told to wait; usb_cdc_read() resumes */
    usb_arm(&usb_dpram->ep_buf_ctrl[USB_EP_DATA].out, cdc.out_toggle | USB_PACKET);
    cdc.out_toggle ^= USB_BUF_CTRL_DATA1_PID;
}

static void out_done(void)
{
    const volatile uint8_t *packet = (const volatile uint8_t *)usb_dpram + OUT_OFFSET;
    uint32_t n = usb_dpram->ep_buf_ctrl[USB_EP_DATA].out & USB_BUF_CTRL_LEN_MASK;

    for (uint32_t i = 0; i < n; i++) {
        uint8_t byte = packet[i];

        cdc.received(byte);
        cdc.rx.bytes[(cdc.rx.head + i) % RING_BYTES] = byte;
    }
    cdc.rx.head += n;
    listen_next();
}

static void configure(bool on)
{
    static const uint32_t enable = EP_CTRL_ENABLE_BITS | EP_CTRL_INTERRUPT_PER_BUFFER;

    cdc.configured = on;
    cdc.terminal = cdc.reads = false;
    cdc.sending = cdc.listening = cdc.full = false;
    cdc.in_toggle = cdc.out_toggle = 0;
    cdc.tx.tail = cdc.tx.head;
    usb_dpram->ep_buf_ctrl[USB_EP_NOTIFY].in = 0;
    usb_dpram->ep_buf_ctrl[USB_EP_DATA].in = 0;
    usb_dpram->ep_buf_ctrl[USB_EP_DATA].out = 0;
    usb_dpram->ep_ctrl[USB_EP_NOTIFY - 1].in = on ? enable | 3u << EP_CTRL_BUFFER_TYPE_LSB | NOTIFY_OFFSET : 0;
    usb_dpram->ep_ctrl[USB_EP_DATA - 1].in = on ? enable | 2u << EP_CTRL_BUFFER_TYPE_LSB | IN_OFFSET : 0;
    usb_dpram->ep_ctrl[USB_EP_DATA - 1].out = on ? enable | 2u << EP_CTRL_BUFFER_TYPE_LSB | OUT_OFFSET : 0;
    if (on)
        listen_next();
}

static void set_ready(bool terminal)
{
    cdc.terminal = terminal;
    cdc.reads = false;
    if (!terminal)
        return;
    cdc.tx.tail = cdc.tx.head; /* what nobody read is old news */
    cdc.opened = true;
}

/* The toggle restarts at DATA0, also for a packet that waits already. */
static void clear_halt(uint8_t endpoint)
{
    io_rw_32 *in = &usb_dpram->ep_buf_ctrl[USB_EP_DATA].in;

    if (endpoint == (0x80 | USB_EP_DATA)) {
        cdc.in_toggle = cdc.sending ? USB_BUF_CTRL_DATA1_PID : 0;
        if (cdc.sending)
            usb_arm(in, USB_BUF_CTRL_FULL | (*in & USB_BUF_CTRL_LEN_MASK));
    } else if (endpoint == USB_EP_DATA) {
        cdc.out_toggle = 0;
        if (cdc.listening)
            listen_next();
    }
}

static void buffers_done(void)
{
    uint32_t done = usb_hw->buf_status;

    hw_clear_bits(&usb_hw->buf_status, done);
    if (done & IN_BIT(0))
        usb_control_in_done();
    if (done & OUT_BIT(0))
        usb_control_out_done();
    if (done & IN_BIT(USB_EP_DATA)) {
        cdc.reads = cdc.terminal;
        send_next();
    }
    if (done & OUT_BIT(USB_EP_DATA))
        out_done();
}

static void interrupt(void)
{
    uint32_t status = usb_hw->ints;

    if (status & USB_INTS_BUS_RESET_BITS) {
        hw_clear_bits(&usb_hw->sie_status, USB_SIE_STATUS_BUS_RESET_BITS);
        usb_control_reset();
#if PICO_RP2040
        rp2040_usb_device_enumeration_fix(); /* erratum RP2040-E5; does nothing on chips without it */
#endif
    }
    if (status & USB_INTS_BUFF_STATUS_BITS)
        buffers_done(); /* before a SETUP, which may start the next transfer */
    if (status & USB_INTS_SETUP_REQ_BITS) {
        hw_clear_bits(&usb_hw->sie_status, USB_SIE_STATUS_SETUP_REC_BITS);
        usb_control_setup();
    }
}

void usb_cdc_start(void (*received)(uint8_t byte))
{
    static const struct usb_control_events events = {configure, set_ready, clear_halt};
    volatile uint32_t *word = (volatile uint32_t *)USBCTRL_DPRAM_BASE;

    cdc.received = received;
    usb_control_start(&events);
    reset_block_num(RESET_USBCTRL);
    unreset_block_num_wait_blocking(RESET_USBCTRL);
    for (size_t i = 0; i < USB_DPRAM_SIZE / 4; i++)
        word[i] = 0;
    irq_set_exclusive_handler(USBCTRL_IRQ, interrupt);
    irq_set_enabled(USBCTRL_IRQ, true);

    usb_hw->muxing = USB_USB_MUXING_TO_PHY_BITS | USB_USB_MUXING_SOFTCON_BITS;
    usb_hw->pwr = USB_USB_PWR_VBUS_DETECT_BITS | USB_USB_PWR_VBUS_DETECT_OVERRIDE_EN_BITS;
    usb_hw->main_ctrl = USB_MAIN_CTRL_CONTROLLER_EN_BITS;
    usb_hw->sie_ctrl = USB_SIE_CTRL_EP0_INT_1BUF_BITS;
    usb_hw->inte = USB_INTS_BUFF_STATUS_BITS | USB_INTS_BUS_RESET_BITS | USB_INTS_SETUP_REQ_BITS;
    hw_set_bits(&usb_hw->sie_ctrl, USB_SIE_CTRL_PULLUP_EN_BITS);
}

int usb_cdc_read(void)
{
    int byte;

    if (ring_used(&cdc.rx) == 0)
        return -1;
    byte = cdc.rx.bytes[cdc.rx.tail % RING_BYTES];
    __compiler_memory_barrier();
    cdc.rx.tail++;
    if (!cdc.listening) {
        uint32_t saved = save_and_disable_interrupts();

        if (!cdc.listening)
            listen_next();
        restore_interrupts(saved);
    }
    return byte;
}

size_t usb_cdc_write(const char *bytes, size_t length)
{
    struct ring *tx = &cdc.tx;
    uint32_t saved, head;
    size_t n;

    if (!cdc.configured)
        return 0;
    saved = save_and_disable_interrupts(); /* a bus reset must not empty the ring in between */
    head = tx->head;
    n = MIN(length, RING_BYTES - ring_used(tx));
    for (size_t i = 0; i < n; i++)
        tx->bytes[(head + i) % RING_BYTES] = (uint8_t)bytes[i];
    tx->head = head + n;
    if (!cdc.sending)
        send_next();
    restore_interrupts(saved);
    return n;
}

bool usb_cdc_configured(void)
{
    return cdc.configured;
}

bool usb_cdc_is_read(void)
{
    return cdc.reads;
}

bool usb_cdc_take_opened(void)
{
    bool opened = cdc.opened;

    cdc.opened = false;
    return opened;
}
