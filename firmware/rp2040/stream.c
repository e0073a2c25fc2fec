/*
 * One SSI transfer of many frames, collected by DMA. Sources: RP2040 datasheet, 4.10 (SSI), 2.5 (DMA), 2.6.3 (XIP).
 *
 * In XIP mode the SSI makes one short transfer of every miss: address, wait cycles, 8 bytes. Here CTRLR1 asks for many
 * frames after one address, and data is clocked without a pause: with the flash clock at half the core's, two
 * core cycles move four bits. The second-stage boot loader has left the flash chip in continuous read mode, which
 * takes an address with the mode bits A0 and no command, and the rest of the SSI's set-up serves as it is.
 * Frames come most significant byte first, so the DMA swaps bytes.
 * SPDX-License-Identifier: MIT
 */
#include "stream.h"

#include "hardware/structs/dma.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
#include "pico.h"

#if PICO_RP2040
#include "hardware/regs/dreq.h"
#include "hardware/resets.h"
#include "hardware/structs/bus_ctrl.h"
#include "hardware/structs/nvic.h"
#include "hardware/structs/ssi.h"

#define CHANNEL 0
#define MODE_BITS 0xA0u /* continuous read */
#define PATIENCE_US 20000u
#define PROBE_WORDS 16u

static struct {
    uint32_t saved; /* interrupt mask */
    bool ready;
} stream;

static void __not_in_flash_func(set_frames)(uint32_t frames)
{
    while (ssi_hw->sr & SSI_SR_BUSY_BITS)
        ;
    ssi_hw->ssienr = 0;
    ssi_hw->ctrlr1 = frames > 0 ? frames - 1 : 0;
    ssi_hw->dmacr = frames > 0 ? SSI_DMACR_RDMAE_BITS : 0;
    ssi_hw->ssienr = 1;
}

void __not_in_flash_func(stream_fetch)(void *to, const void *flash, uint32_t bytes)
{
    const uint32_t control = DMA_CH0_CTRL_TRIG_BSWAP_BITS | DMA_CH0_CTRL_TRIG_INCR_WRITE_BITS |
                             DMA_CH0_CTRL_TRIG_HIGH_PRIORITY_BITS | DMA_CH0_CTRL_TRIG_EN_BITS |
                             2u << DMA_CH0_CTRL_TRIG_DATA_SIZE_LSB | CHANNEL << DMA_CH0_CTRL_TRIG_CHAIN_TO_LSB |
                             DREQ_XIP_SSIRX << DMA_CH0_CTRL_TRIG_TREQ_SEL_LSB;

    set_frames(bytes / 4);
    dma_hw->ch[CHANNEL].read_addr = (uint32_t)(uintptr_t)&ssi_hw->dr0;
    dma_hw->ch[CHANNEL].write_addr = (uint32_t)(uintptr_t)to;
    dma_hw->ch[CHANNEL].transfer_count = bytes / 4;
    dma_hw->ch[CHANNEL].ctrl_trig = control;
    ssi_hw->dr0 = ((uint32_t)(uintptr_t)flash - XIP_BASE) << 8 | MODE_BITS;
}

bool __not_in_flash_func(stream_wait)(void)
{
    uint32_t since = timer_hw->timerawl;

    while (dma_hw->ch[CHANNEL].ctrl_trig & DMA_CH0_CTRL_TRIG_BUSY_BITS) {
        if (timer_hw->timerawl - since <= PATIENCE_US)
            continue;
        dma_hw->abort = 1u << CHANNEL;
        stream.ready = false;
        return false;
    }
    __dmb();
    return true;
}

void __not_in_flash_func(stream_begin)(void)
{
    stream.saved = save_and_disable_interrupts();
}

void __not_in_flash_func(stream_end)(void)
{
    set_frames(0);
    restore_interrupts(stream.saved);
}

void __not_in_flash_func(stream_breathe)(void)
{
    if (!(nvic_hw->ispr & nvic_hw->iser))
        return;
    stream_end();
    stream_begin();
}

bool __not_in_flash_func(stream_ready)(void)
{
    return stream.ready;
}

bool __not_in_flash_func(stream_holds)(const void *flash, uint32_t bytes)
{
    uintptr_t at = (uintptr_t)flash - XIP_BASE;

    return at < PICO_FLASH_SIZE_BYTES && bytes <= PICO_FLASH_SIZE_BYTES - at && at % 4 == 0 && bytes % 4 == 0;
}

static bool __no_inline_not_in_flash_func(probe)(uint32_t *words, const void *flash)
{
    bool came;

    stream_begin();
    stream_fetch(words, flash, 4 * PROBE_WORDS);
    came = stream_wait();
    stream_end();
    return came;
}

bool stream_start(void)
{
    /* The vector table: whatever is in it, it is not the same word again and again. */
    const uint32_t *flash = (const uint32_t *)(XIP_BASE + 0x100);
    uint32_t words[PROBE_WORDS] = {0};

    unreset_block_num_wait_blocking(RESET_DMA);
    bus_ctrl_hw->priority = BUSCTRL_BUS_PRIORITY_DMA_W_BITS | BUSCTRL_BUS_PRIORITY_DMA_R_BITS; /* the FIFO is short */
    stream.ready = probe(words, flash);
    for (uint32_t i = 0; i < PROBE_WORDS && stream.ready; i++)
        stream.ready = words[i] == flash[i];
    return stream.ready;
}

#else /* the RP2350 has another flash interface, whose cache lines are its own business: it reads in place */

bool stream_start(void)
{
    return false;
}

bool stream_ready(void)
{
    return false;
}

bool stream_holds(const void *flash, uint32_t bytes)
{
    (void)flash;
    (void)bytes;
    return false;
}

void stream_begin(void)
{
}

void stream_end(void)
{
}

void stream_fetch(void *to, const void *flash, uint32_t bytes)
{
    (void)to;
    (void)flash;
    (void)bytes;
}

bool stream_wait(void)
{
    return false;
}

void stream_breathe(void)
{
}

#endif
