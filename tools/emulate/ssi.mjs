// The serial flash interface (DW_apb_ssi; RP2040 datasheet, 4.10) and, behind it, what a flash chip answers.
//
// Registers decide what a transaction costs; nothing here knows a boot loader or a chip's timing by heart:
//   SCK cycles = instruction bits / lanes + address bits / lanes + WAIT_CYCLES + data bits / lanes
//   core cycles = SCK cycles x BAUDR
// Direct transfers (DR0) run in the background: frames are handed over when somebody looks, with the times at which
// they came, so that a transfer of a thousand words is one event and not a thousand.
// SPDX-License-Identifier: MIT

const REGISTER = {
  CTRLR0: 0x00, CTRLR1: 0x04, SSIENR: 0x08, SER: 0x10, BAUDR: 0x14, TXFLR: 0x20, RXFLR: 0x24, SR: 0x28, DMACR: 0x4c,
  DMATDLR: 0x50, DMARDLR: 0x54, IDR: 0x58, VERSION: 0x5c, DR0: 0x60, RX_SAMPLE_DLY: 0xf0, SPI_CTRLR0: 0xf4,
};
const SR = { BUSY: 1, TFNF: 2, TFE: 4, RFNE: 8, RFF: 16 };
const FIFO_FRAMES = 16;
const TMOD = { BOTH: 0, SEND: 1, EEPROM_READ: 3 };
const RECEIVE_DMA = 1;
const DREQ_RECEIVE = 39;
const INSTRUCTION_BITS = [0, 4, 8, 16];
const CHIP = { READ_STATUS_1: 0x05, READ_STATUS_2: 0x35, QUAD_ENABLED: 2, FAST_READ_QUAD: 0xeb, READ: 0x03 };
const HARMLESS = new Set([0x01, 0x06, 0x04, 0x31, 0x50, 0xab, 0xff, 0x66, 0x99]); // status writes, enables, wake, reset

// The flash chip as serial commands see it: one byte in, one byte out, from chip select on.
class FlashChip {
  constructor(bytes) {
    this.bytes = bytes;
    this.continuous = false; // takes addresses without a command (its mode bits said so)
    this.select();
  }

  select() {
    this.sent = [];
  }

  exchange(byte) {
    const [command] = this.sent;
    this.sent.push(byte);
    if (command === undefined) {
      const known = [CHIP.READ_STATUS_1, CHIP.READ_STATUS_2, CHIP.READ].includes(byte) || HARMLESS.has(byte);
      if (!known) throw new Error(`flash: command 0x${byte.toString(16)} is not emulated`);
      return 0xff;
    }
    if (command === CHIP.READ_STATUS_1) return 0;
    if (command === CHIP.READ_STATUS_2) return CHIP.QUAD_ENABLED;
    if (command === CHIP.READ && this.sent.length > 4) {
      const [, high, middle, low] = this.sent;
      return this.bytes[(((high << 16) | (middle << 8) | low) + this.sent.length - 5) & 0xffffff];
    }
    return 0xff;
  }
}

export class Ssi {
  // divider: replaces what the program writes to BAUDR. onChange() is called when registers changed.
  constructor(rp2040, clock, { divider = null, onChange = () => {} } = {}) {
    this.rp2040 = rp2040;
    this.clock = clock;
    this.divider = divider;
    this.onChange = onChange;
    this.chip = new FlashChip(rp2040.flash);
    // As the boot ROM leaves it: serial reads with command 03h, slowly.
    this.registers = {
      ctrlr0: (31 << 16) | (TMOD.EEPROM_READ << 8), ctrlr1: 0, ssienr: 1, ser: 1, baudr: 6, dmacr: 0, dmardlr: 0,
      spiCtrlr0: (CHIP.READ << 24) | (2 << 8) | (6 << 2), sampleDelay: 0, dmatdlr: 0,
    };
    this.entries = []; // in the transmit FIFO, until the transfer has all that it needs to start
    this.received = []; // { at, value } of frames sent one by one
    this.transfer = null; // of many frames: { address, frames, bytes, start, step, taken }
    this.busyUntil = 0;
    this.totals = { transfers: 0, frames: 0, bytes: 0, cycles: 0 };
    this.alarm = clock.createAlarm(() => this.update());
    this.syncing = false;
    this.watchDma();
  }

  get now() {
    return this.clock.core.cycles;
  }

  get baud() {
    return this.divider ?? Math.max(2, this.registers.baudr & 0xfffe);
  }

  get lanes() {
    return 1 << ((this.registers.ctrlr0 >>> 21) & 3);
  }

  get frameBits() {
    return ((this.registers.ctrlr0 >>> 16) & 31) + 1;
  }

  // Core cycles from chip select to the first data bit.
  get headCycles() {
    const { spiCtrlr0 } = this.registers;
    const type = spiCtrlr0 & 3;
    const instruction = INSTRUCTION_BITS[(spiCtrlr0 >>> 8) & 3] / (type < 2 ? 1 : this.lanes);
    const address = (((spiCtrlr0 >>> 2) & 15) * 4) / (type < 1 ? 1 : this.lanes);
    return this.baud * (instruction + address + ((spiCtrlr0 >>> 11) & 31));
  }

  // Core cycles of a read through XIP of so many bytes: one transaction.
  readCycles(bytes) {
    return this.headCycles + (this.baud * 8 * bytes) / this.lanes;
  }

  // Why XIP cannot be read just now; null: it can.
  get obstacle() {
    const { registers } = this;
    if (!(registers.ssienr & 1)) return 'the SSI is disabled';
    if (this.transfer && this.now < this.busyUntil) return 'a direct SSI transfer is under way';
    if (registers.ctrlr1 !== 0) return 'the SSI is set up for direct transfers (CTRLR1 is not 0)';
    if (((registers.ctrlr0 >>> 8) & 3) !== TMOD.EEPROM_READ) return 'the SSI is set up for serial commands';
    if (((registers.spiCtrlr0 >>> 8) & 3) === 0 && !this.chip.continuous) return 'the flash chip expects a command';
    return null;
  }

  level(now) {
    const { transfer, received } = this;
    const single = received.filter(({ at }) => at <= now).length;
    return single + (transfer ? this.come(now) - transfer.taken : 0);
  }

  // How many frames of the transfer have come by `now`.
  come(now) {
    const { start, step, frames } = this.transfer;
    return Math.max(0, Math.min(frames, Math.floor((now - start) / step + 1e-6)));
  }

  frame(index) {
    const { address, bytes } = this.transfer;
    let value = 0;
    for (let i = 0; i < bytes; i++) value = (value << 8) | this.rp2040.flash[(address + index * bytes + i) & 0xffffff];
    return value >>> 0;
  }

  pop() {
    const { transfer } = this;
    if (this.received.length > 0) return this.received.shift().value;
    if (transfer && transfer.taken < this.come(this.now)) return this.frame(transfer.taken++);
    return 0;
  }

  // The DMA channel that waits for received frames, if there is one.
  get channel() {
    if (!(this.registers.dmacr & RECEIVE_DMA)) return null;
    return this.rp2040.dma.channels.find((channel) => channel.treq === DREQ_RECEIVE && channel.active) ?? null;
  }

  // Hands over what has come by now. Frames that nobody takes fill the FIFO, and then are lost.
  sync() {
    const { transfer } = this;
    if (!transfer || this.syncing) return;
    this.syncing = true;
    const come = this.come(this.now);
    for (let { channel } = this; channel && come - transfer.taken > this.registers.dmardlr; channel = this.channel) {
      channel.transfer();
    }
    this.syncing = false;
    if (this.transfer === transfer && come - transfer.taken > FIFO_FRAMES) {
      throw new Error(`SSI: the receive FIFO ran over: ${come - transfer.taken} frames, and nothing took them`);
    }
  }

  // Brings everything up to date and sets the alarm for the next thing that others can notice.
  update() {
    this.sync();
    this.alarm.cancel();
    const { transfer, channel } = this;
    if (!transfer || transfer.taken >= transfer.frames) return;
    const wanted = channel ? Math.min(channel.transCount, transfer.frames - transfer.taken) : FIFO_FRAMES + 1;
    const last = Math.min(transfer.taken + wanted, transfer.frames);
    const cycles = transfer.start + last * transfer.step - this.now;
    if (cycles > 0) this.alarm.schedule(this.clock.nanosOf(cycles));
  }

  // DMA registers say how far a transfer is: whoever looks at them must see it as it is now.
  watchDma() {
    const { dma } = this.rp2040;
    const read = dma.readUint32.bind(dma);
    const write = dma.writeUint32.bind(dma);
    dma.readUint32 = (offset) => {
      this.sync();
      return read(offset);
    };
    dma.writeUint32 = (offset, value) => {
      this.sync();
      write(offset, value);
      if (!this.syncing) this.update();
    };
  }

  send(value) {
    const { registers, chip } = this;
    const mode = (registers.ctrlr0 >>> 8) & 3;
    if (!(registers.ssienr & 1)) return;
    if (this.lanes === 1 && (mode === TMOD.BOTH || mode === TMOD.SEND)) {
      if (this.now > this.busyUntil) chip.select();
      this.busyUntil = Math.max(this.now, this.busyUntil) + this.frameBits * this.baud;
      const answer = chip.exchange(value & 0xff);
      if (mode === TMOD.BOTH) this.received.push({ at: this.busyUntil, value: answer });
    } else if (this.lanes > 1 && mode === TMOD.EEPROM_READ) {
      this.entries.push(value >>> 0);
      this.startTransfer();
    } else {
      throw new Error(`SSI: transfers of this kind are not emulated (CTRLR0 is 0x${registers.ctrlr0.toString(16)})`);
    }
  }

  startTransfer() {
    const { registers, chip, entries } = this;
    const withCommand = ((registers.spiCtrlr0 >>> 8) & 3) !== 0;
    if (entries.length < (withCommand ? 2 : 1)) return;
    const [first] = entries;
    const word = entries[withCommand ? 1 : 0];
    if (withCommand && first !== CHIP.FAST_READ_QUAD) throw new Error(`flash: command 0x${first.toString(16)} is not emulated`);
    if (!withCommand && !chip.continuous) throw new Error('flash: an address without a command; the chip expects one');
    this.entries = [];
    const withMode = ((registers.spiCtrlr0 >>> 2) & 15) === 8;
    chip.continuous = withMode && ((word >>> 4) & 3) === 2;
    const begin = Math.max(this.now, this.busyUntil);
    const bytes = this.frameBits >> 3;
    const step = (this.baud * this.frameBits) / this.lanes;
    const frames = (registers.ctrlr1 & 0xffff) + 1;
    const address = withMode ? word >>> 8 : word & 0xffffff;
    this.transfer = { address, frames, bytes, start: begin + this.headCycles, step, taken: 0 };
    this.busyUntil = this.transfer.start + frames * step;
    this.totals.transfers++;
    this.totals.frames += frames;
    this.totals.bytes += frames * bytes;
    this.totals.cycles += this.busyUntil - begin;
    this.update();
    this.onChange();
  }

  disable() {
    this.sync();
    if (this.transfer && this.now < this.busyUntil) this.totals.cycles -= this.busyUntil - this.now; // cut short
    this.transfer = null;
    this.received = [];
    this.entries = [];
    this.busyUntil = this.now;
    this.alarm.cancel();
  }

  status() {
    const level = this.level(this.now);
    const busy = this.now < this.busyUntil;
    return (busy ? SR.BUSY : 0) | SR.TFNF | (busy && this.received.length > 0 ? 0 : SR.TFE) |
      (level > 0 ? SR.RFNE : 0) | (level >= FIFO_FRAMES ? SR.RFF : 0);
  }

  readUint32(offset) {
    const { registers } = this;
    if (!this.syncing) this.sync();
    switch (offset) {
      case REGISTER.CTRLR0: return registers.ctrlr0;
      case REGISTER.CTRLR1: return registers.ctrlr1;
      case REGISTER.SSIENR: return registers.ssienr;
      case REGISTER.SER: return registers.ser;
      case REGISTER.BAUDR: return registers.baudr;
      case REGISTER.TXFLR: return this.entries.length;
      case REGISTER.RXFLR: return this.level(this.now);
      case REGISTER.SR: return this.status();
      case REGISTER.DMACR: return registers.dmacr;
      case REGISTER.DMATDLR: return registers.dmatdlr;
      case REGISTER.DMARDLR: return registers.dmardlr;
      case REGISTER.IDR: return 0x51535049;
      case REGISTER.VERSION: return 0x3430312a;
      case REGISTER.RX_SAMPLE_DLY: return registers.sampleDelay;
      case REGISTER.SPI_CTRLR0: return registers.spiCtrlr0;
      default: return offset >= REGISTER.DR0 && offset < REGISTER.RX_SAMPLE_DLY ? this.pop() : 0;
    }
  }

  writeUint32(offset, value) {
    const { registers } = this;
    const configuration = [REGISTER.CTRLR0, REGISTER.CTRLR1, REGISTER.BAUDR, REGISTER.SPI_CTRLR0];
    if (configuration.includes(offset) && registers.ssienr & 1) {
      throw new Error(`SSI: register 0x${offset.toString(16)} was written while the SSI is enabled`);
    }
    switch (offset) {
      case REGISTER.CTRLR0: registers.ctrlr0 = value >>> 0; break;
      case REGISTER.CTRLR1: registers.ctrlr1 = value & 0xffff; break;
      case REGISTER.SSIENR:
        if (!(value & 1)) this.disable();
        registers.ssienr = value & 1;
        break;
      case REGISTER.SER: registers.ser = value & 1; break;
      case REGISTER.BAUDR: registers.baudr = value & 0xffff; break;
      case REGISTER.DMACR: registers.dmacr = value & 3; break;
      case REGISTER.DMATDLR: registers.dmatdlr = value & 0xff; break;
      case REGISTER.DMARDLR: registers.dmardlr = value & 0xff; break;
      case REGISTER.RX_SAMPLE_DLY: registers.sampleDelay = value & 0xff; break;
      case REGISTER.SPI_CTRLR0: registers.spiCtrlr0 = value >>> 0; break;
      default:
        if (offset >= REGISTER.DR0 && offset < REGISTER.RX_SAMPLE_DLY) this.send(value);
    }
    this.onChange();
  }

  // The SSI has no aliases that set, clear or toggle bits.
  writeUint32Atomic(offset, value) {
    this.writeUint32(offset, value);
  }
}
