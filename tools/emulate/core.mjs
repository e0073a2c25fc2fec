// A processor core with what rp2040js leaves out: waits for flash, and events between two cores.
//
// Instructions are fetched as 32-bit words (Cortex-M0+ technical reference manual: the fetch of two instructions is one
// bus access), and the word of the next instruction is fetched at the end of the one before it.
// SPDX-License-Identifier: MIT
import { DATA, FETCH, FlashCounts } from './xip.mjs';

const SEV = 0xbf40;
const WFE = 0xbf20;

const inFlash = (address) => address >>> 26 === 4; // 0x10000000 to 0x13ffffff, the four aliases

// rp2040js does not export its core: `Base` is the class of the one that it has made.
export const makeCoreClass = (Base) =>
  class Core extends Base {
    // view: the chip as this core sees it. xip: null where waits for flash are not modelled.
    constructor(view, { number, clock, xip, onEvent }) {
      super(view);
      this.number = number;
      this.name = `core ${number}`;
      this.clock = clock;
      this.xip = xip;
      this.onEvent = onEvent;
      this.counts = new FlashCounts();
      xip?.counts.push(this.counts);
      this.idle = 0; // cycles slept
      this.ready = -1; // the address whose instruction word has been fetched
      this.fetching = 0; // what the next half-word read is: 1 an instruction, 2 its second half, 0 data
      this.fetched = { pc: 0, size: 2 };
      this.waitsForEvent = false;
    }

    get waiting() {
      return this.asleep;
    }

    set waiting(asleep) {
      if (this.asleep && !asleep) this.catchUp();
      this.asleep = asleep;
    }

    // Time has gone on while this core slept.
    catchUp() {
      const late = this.clock.core.cycles - this.cycles;
      if (late <= 0) return;
      this.idle += late;
      this.cycles += late;
    }

    // Cycles in which the core did something: neither slept nor waited for flash.
    get worked() {
      return this.cycles - this.idle - this.counts.stalled;
    }

    event() {
      if (this.waiting && this.waitsForEvent) this.waiting = false;
      else this.eventRegistered = true;
    }

    // Waits for a flash word, where the address is flash.
    wait(address, pc, kind) {
      if (this.xip && inFlash(address)) this.cycles += this.xip.readAlias(this, address, this.cycles, pc, kind);
    }

    // Fetches the word of the instruction that comes next. sequential: the one after the last.
    prefetch(pc, sequential) {
      if (!sequential || (pc & 2) === 0) this.wait(pc, pc, FETCH);
      this.ready = pc;
    }

    executeInstruction() {
      this.fetching = 1;
      const cycles = super.executeInstruction();
      const pc = (this.registers[15] & ~1) >>> 0;
      if (this.xip) this.prefetch(pc, pc === this.fetched.pc + this.fetched.size);
      return cycles;
    }

    fetch(address) {
      const value = this.rp2040.readUint16(address);
      if (this.fetching === 2) {
        this.fetching = 0;
        this.fetched.size = 4;
        if ((address & 2) === 0) this.wait(address, address, FETCH);
        return value;
      }
      const pc = address >>> 0;
      if (this.ready !== pc) this.wait(pc, pc, FETCH); // an exception has come in between
      this.fetched.pc = pc;
      this.fetched.size = 2;
      this.fetching = value >> 11 >= 29 ? 2 : 0;
      if (value === SEV) this.onEvent();
      if (value >> 5 << 5 === WFE) this.waitsForEvent = value === WFE;
      return value;
    }

    readUint16(address) {
      if (this.fetching) return this.fetch(address);
      this.wait(address, this.fetched.pc, DATA);
      return this.rp2040.readUint16(address);
    }

    readUint32(address) {
      this.wait(address, this.fetched.pc, DATA);
      return this.rp2040.readUint32(address);
    }

    readUint8(address) {
      this.wait(address, this.fetched.pc, DATA);
      return this.rp2040.readUint8(address);
    }

    // Flash cannot be written by a store; the cache forgets the line.
    forget(address) {
      this.xip?.forget(address);
    }

    writeUint32(address, value) {
      if (inFlash(address)) this.forget(address);
      else this.rp2040.writeUint32(address, value);
    }

    writeUint16(address, value) {
      if (inFlash(address)) this.forget(address);
      else this.rp2040.writeUint16(address, value);
    }

    writeUint8(address, value) {
      if (inFlash(address)) this.forget(address);
      else this.rp2040.writeUint8(address, value);
    }
  };
