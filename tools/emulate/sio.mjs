// The single-cycle IO block for two cores (RP2040 datasheet, 2.3.1): each has its own number, divider and
// interpolators and its ends of the two FIFOs; spinlocks and pins are shared. And how core 1 is started (2.8.2).
// SPDX-License-Identifier: MIT

const REGISTER = { CPUID: 0x00, FIFO_ST: 0x50, FIFO_WR: 0x54, FIFO_RD: 0x58, OWN_FIRST: 0x60, OWN_LAST: 0xff };
const FIFO_WORDS = 8;
const ST = { VALID: 1, READY: 2, OVERFLOWED: 4, UNDERFLOWED: 8 };
const FIRST_INTERRUPT = 15; // of core 0's FIFO; core 1's is the next
const SEQUENCE = [0, 0, 1]; // then vector table, stack pointer, entry

// The two FIFOs, and the boot ROM of core 1 at the far end of one until that core runs.
export class Mailboxes {
  // onLaunch({ vectors, stack, entry }) starts core 1; onInterrupt(core, irq, value) sets a core's interrupt line.
  constructor({ onLaunch, onInterrupt, onEvent, present }) {
    Object.assign(this, { onLaunch, onInterrupt, onEvent, present });
    this.inboxes = [[], []]; // what each core can read
    this.faults = [0, 0]; // write when full, read when empty
    this.reset();
  }

  // Core 1 is in its boot ROM again.
  reset() {
    this.booting = true;
    this.received = [];
    this.inboxes[1].length = 0;
  }

  status(core) {
    const valid = this.inboxes[core].length > 0 ? ST.VALID : 0;
    return valid | (this.inboxes[1 - core].length < FIFO_WORDS ? ST.READY : 0) | this.faults[core];
  }

  update(core) {
    this.onInterrupt(core, FIRST_INTERRUPT + core, (this.status(core) & ~ST.READY) !== 0);
  }

  push(core, value) {
    const inbox = this.inboxes[1 - core];
    if (inbox.length === FIFO_WORDS) {
      this.faults[core] |= ST.OVERFLOWED;
      this.update(core);
      return;
    }
    inbox.push(value >>> 0);
    if (core === 0 && this.booting) this.bootCore1();
    else this.update(1 - core);
  }

  pop(core) {
    const value = this.inboxes[core].shift();
    if (value === undefined) this.faults[core] |= ST.UNDERFLOWED;
    this.update(core);
    return value ?? 0;
  }

  clearFaults(core) {
    this.faults[core] = 0;
    this.update(core);
  }

  // Core 1's boot ROM echoes each word; six in the right order start the core, anything else starts over.
  bootCore1() {
    if (!this.present) return; // nobody reads them
    const value = this.inboxes[1].shift();
    const { received } = this;
    const place = received.length;
    if (place < SEQUENCE.length && value !== SEQUENCE[place]) received.length = 0;
    else received.push(value);
    if (received.length === SEQUENCE.length + 3) {
      const [vectors, stack, entry] = received.slice(SEQUENCE.length);
      this.booting = false;
      this.received = [];
      this.onLaunch({ vectors, stack, entry });
    }
    this.inboxes[0].push(value);
    this.update(0);
    this.onEvent();
  }
}

// What one core sees: `own` has its divider and interpolators, `shared` pins and spinlocks (both rp2040js's RPSIO).
export class SioView {
  constructor(core, own, shared, mailboxes) {
    Object.assign(this, { core, own, shared, mailboxes });
  }

  blockFor(offset) {
    return offset >= REGISTER.OWN_FIRST && offset <= REGISTER.OWN_LAST ? this.own : this.shared;
  }

  readUint32(offset) {
    switch (offset) {
      case REGISTER.CPUID: return this.core;
      case REGISTER.FIFO_ST: return this.mailboxes.status(this.core);
      case REGISTER.FIFO_RD: return this.mailboxes.pop(this.core);
      default: return this.blockFor(offset).readUint32(offset);
    }
  }

  writeUint32(offset, value) {
    switch (offset) {
      case REGISTER.FIFO_ST: this.mailboxes.clearFaults(this.core); break;
      case REGISTER.FIFO_WR: this.mailboxes.push(this.core, value); break;
      default: this.blockFor(offset).writeUint32(offset, value);
    }
  }
}
