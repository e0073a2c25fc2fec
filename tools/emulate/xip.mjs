// Execute in place: the cache between the cores and the serial flash, what a miss costs, its performance counters, and
// the streaming hardware (RP2040 datasheet, 2.6.3). README.md says which figures are the datasheet's.
// SPDX-License-Identifier: MIT

const SETS = 1024; // of two lines of 8 bytes
const WORDS = 2 * SETS; // of one way
const FLUSH_CYCLES = 1024;
const COOLDOWN_CYCLES = 7; // after a miss, before streaming goes on
const FIFO_WORDS = 2;
const DREQ_STREAM = 37;
const REGISTER = {
  CTRL: 0x00, FLUSH: 0x04, STAT: 0x08, HIT: 0x0c, ACCESS: 0x10, STREAM_ADDR: 0x14, STREAM_CTR: 0x18, STREAM_FIFO: 0x1c,
};
const ENABLE = 1;
const STAT = { FLUSH_READY: 1, FIFO_EMPTY: 2, FIFO_FULL: 4 };
const SATURATED = 0xffffffff;
export const FETCH = 0;
export const DATA = 1;

// What one core (or the DMA) has read through XIP: [for instructions, for data].
export class FlashCounts {
  constructor() {
    this.accesses = [0, 0];
    this.misses = [0, 0];
    this.stalls = [0, 0];
  }

  get stalled() {
    return this.stalls[FETCH] + this.stalls[DATA];
  }
}

export class Xip {
  // fill: bytes that a miss brings in, 8 (the whole line) or 4 (the half that was asked for).
  constructor(rp2040, clock, ssi, { fill = 8 } = {}) {
    this.rp2040 = rp2040;
    this.clock = clock;
    this.ssi = ssi;
    this.fill = fill;
    this.ctrl = 3;
    // Per word of a way: the flash word that is there, or -1. `recent` holds the more recently used way of each set.
    this.recent = new Int32Array(WORDS).fill(-1);
    this.older = new Int32Array(WORDS).fill(-1);
    this.recentLine = new Int32Array(SETS).fill(-1);
    this.olderLine = new Int32Array(SETS).fill(-1);
    this.portUntil = 0; // until then somebody's miss holds the port; Infinity: reads are not allowed
    this.counts = []; // of everybody who reads
    this.cleared = { accesses: 0, hits: 0 };
    this.stream = { address: 0, left: 0, fifo: [], next: 0, words: 0 };
    this.alarm = clock.createAlarm(() => this.updateStream());
    this.streaming = false;
    this.configure();
  }

  get now() {
    return this.clock.core.cycles;
  }

  // After the SSI's registers changed.
  configure() {
    this.missCycles = this.ssi.readCycles(this.fill);
    this.wordCycles = this.ssi.readCycles(4);
    const blocked = this.ssi.obstacle !== null;
    if (blocked) this.portUntil = Infinity;
    else if (this.portUntil === Infinity) this.portUntil = 0;
  }

  // What a reader has to be told when it comes at the wrong time.
  refuse(reader, word, pc) {
    if (this.ssi.transfer && this.ssi.busyUntil <= this.now) this.configure(); // the transfer has ended
    const { obstacle } = this.ssi;
    if (obstacle === null) {
      this.configure();
      return;
    }
    const where = pc === undefined ? '' : `, instruction at 0x${pc.toString(16)}`;
    throw new Error(
      `flash was read through XIP while it cannot be: ${obstacle} ` +
        `(${reader.name} read 0x${(0x10000000 + 4 * word).toString(16)}${where})`,
    );
  }

  // A read of a flash word (its number) through the cache at `time`. Returns the cycles that the reader waits.
  read(reader, word, time, pc, kind) {
    if (this.portUntil === Infinity) this.refuse(reader, word, pc);
    const begin = Math.max(time, this.portUntil);
    const end = this.lookUp(word) ? begin : this.miss(reader, begin, kind, this.missCycles);
    reader.counts.stalls[kind] += end - time;
    return end - time;
  }

  // The same for an address in any of the four aliases; counts the access as well.
  readAlias(reader, address, time, pc, kind) {
    const alias = (address >>> 24) & 3;
    const word = (address & 0xffffff) >>> 2;
    reader.counts.accesses[kind]++;
    if (alias === 0) {
      const hit = this.recent[word & (WORDS - 1)] === word && this.portUntil <= time;
      return hit ? 0 : this.read(reader, word, time, pc, kind);
    }
    if (this.portUntil === Infinity) this.refuse(reader, word, pc);
    const begin = Math.max(time, this.portUntil);
    const hit = alias === 1 && this.holds(word);
    if (alias === 2) this.lookUp(word);
    const end = hit ? begin : this.miss(reader, begin, kind, alias === 2 ? this.missCycles : this.wordCycles);
    reader.counts.stalls[kind] += end - time;
    return end - time;
  }

  holds(word) {
    const place = word & (WORDS - 1);
    return this.recent[place] === word || this.older[place] === word;
  }

  // Makes the word's line the most recent one of its set, with the word in it. Returns whether it was there.
  lookUp(word) {
    if (!(this.ctrl & ENABLE)) return false;
    const { recent, older, recentLine, olderLine } = this;
    const line = word >>> 1;
    const set = line & (SETS - 1);
    const first = 2 * set;
    if (recentLine[set] !== line) {
      const found = olderLine[set] === line;
      const low = found ? older[first] : -1;
      const high = found ? older[first + 1] : -1;
      older[first] = recent[first];
      older[first + 1] = recent[first + 1];
      olderLine[set] = recentLine[set];
      recent[first] = low;
      recent[first + 1] = high;
      recentLine[set] = line;
    }
    if (recent[word & (WORDS - 1)] === word) return true;
    if (this.fill === 8) {
      recent[first] = 2 * line;
      recent[first + 1] = 2 * line + 1;
    } else {
      recent[word & (WORDS - 1)] = word;
    }
    return false;
  }

  // Returns when a miss that asks at `time` is served.
  miss(reader, time, kind, cycles) {
    reader.counts.misses[kind]++;
    this.portUntil = this.streamGivesWay(time) + cycles;
    if (this.stream.left > 0) this.stream.next = this.portUntil + COOLDOWN_CYCLES + this.wordCycles;
    return this.portUntil;
  }

  // A write to the first alias takes the word's line out of the cache; flash itself does not change.
  forget(address) {
    if ((address >>> 24) !== 0x10) return;
    const line = (address & 0xffffff) >>> 3;
    const set = line & (SETS - 1);
    for (const [words, lines] of [[this.recent, this.recentLine], [this.older, this.olderLine]]) {
      if (lines[set] !== line) continue;
      lines[set] = words[2 * set] = words[2 * set + 1] = -1;
    }
  }

  flush() {
    for (const tags of [this.recent, this.older, this.recentLine, this.olderLine]) tags.fill(-1);
    if (this.portUntil !== Infinity) this.portUntil = this.now + FLUSH_CYCLES;
    this.flushedAt = this.now + FLUSH_CYCLES;
  }

  // Sums over all readers since the counters were cleared: { accesses, hits }.
  totals() {
    const sum = (list) => list[FETCH] + list[DATA];
    const accesses = this.counts.reduce((total, one) => total + sum(one.accesses), 0);
    return { accesses, hits: accesses - this.counts.reduce((total, one) => total + sum(one.misses), 0) };
  }

  // --- streaming ---

  get streamChannel() {
    return this.rp2040.dma.channels.find((channel) => channel.treq === DREQ_STREAM && channel.active) ?? null;
  }

  // Lets the words that have come by `time` into the FIFO, and the DMA take them. The stream waits while it is full.
  runStream(time) {
    const { stream } = this;
    if (this.streaming) return;
    this.streaming = true;
    this.drainStream(time);
    while (stream.left > 0 && stream.next <= time) {
      const came = stream.next;
      stream.fifo.push(this.rp2040.flashView.getUint32(stream.address & 0xfffffc, true));
      stream.address += 4;
      stream.left--;
      stream.words++;
      stream.next = Infinity;
      this.drainStream(came);
      if (stream.fifo.length < FIFO_WORDS) stream.next = came + this.wordCycles;
    }
    this.streaming = false;
  }

  drainStream(time) {
    while (this.stream.fifo.length > 0) {
      const channel = this.streamChannel;
      if (!channel) return;
      channel.transfer();
      if (this.stream.next === Infinity) this.stream.next = time + this.wordCycles;
    }
  }

  takeStreamed() {
    const { stream } = this;
    if (stream.fifo.length === 0) return 0;
    if (stream.next === Infinity && !this.streaming) stream.next = this.now + this.wordCycles;
    return stream.fifo.shift();
  }

  // When the flash is free for somebody who asks at `time`: a streamed word that is on its way is not cut off.
  streamGivesWay(time) {
    const { stream } = this;
    if (stream.left === 0) return time;
    this.runStream(time);
    const end = stream.next;
    if (stream.left === 0 || end === Infinity || end - this.wordCycles >= time) return time;
    this.runStream(end);
    return end;
  }

  updateStream() {
    this.runStream(this.now);
    this.alarm.cancel();
    const { stream, streamChannel } = this;
    if (stream.left === 0 || !streamChannel || stream.next === Infinity) return;
    const words = Math.min(stream.left, streamChannel.transCount);
    const cycles = stream.next + (words - 1) * this.wordCycles - this.now;
    this.alarm.schedule(this.clock.nanosOf(Math.max(1, cycles)));
  }

  startStream(words) {
    const { stream } = this;
    if (words > 0 && this.portUntil === Infinity) {
      throw new Error(`flash cannot be streamed: ${this.ssi.obstacle}`);
    }
    stream.left = words;
    stream.next = Math.max(this.now, this.portUntil) + this.wordCycles;
  }

  // --- registers ---

  readUint32(offset) {
    const { stream } = this;
    const totals = this.totals();
    this.runStream(this.now);
    switch (offset) {
      case REGISTER.CTRL: return this.ctrl;
      case REGISTER.FLUSH:
        this.clock.core.cycles = Math.max(this.now, this.flushedAt ?? 0); // holds the bus until the flush is done
        return 0;
      case REGISTER.STAT:
        return (this.now >= (this.flushedAt ?? 0) ? STAT.FLUSH_READY : 0) |
          (stream.fifo.length === 0 ? STAT.FIFO_EMPTY : 0) | (stream.fifo.length === FIFO_WORDS ? STAT.FIFO_FULL : 0);
      case REGISTER.HIT: return Math.min(SATURATED, totals.hits - this.cleared.hits);
      case REGISTER.ACCESS: return Math.min(SATURATED, totals.accesses - this.cleared.accesses);
      case REGISTER.STREAM_ADDR: return stream.address >>> 0;
      case REGISTER.STREAM_CTR: return stream.left;
      case REGISTER.STREAM_FIFO: return this.takeStreamed();
      default: return 0;
    }
  }

  writeUint32(offset, value) {
    const { stream } = this;
    this.runStream(this.now);
    switch (offset) {
      case REGISTER.CTRL:
        this.ctrl = value & 8 ? value & 10 : value & 3;
        if (!(this.ctrl & ENABLE)) this.recent.fill(-1);
        if (!(this.ctrl & ENABLE)) this.recentLine.fill(-1);
        break;
      case REGISTER.FLUSH:
        if (value & 1) this.flush();
        break;
      case REGISTER.HIT: this.cleared.hits = this.totals().hits; break;
      case REGISTER.ACCESS: this.cleared.accesses = this.totals().accesses; break;
      case REGISTER.STREAM_ADDR: stream.address = value & ~3; break;
      case REGISTER.STREAM_CTR: this.startStream(value & 0x3fffff); break;
      default:
    }
    this.updateStream();
  }

  writeUint32Atomic(offset, value, kind) {
    const before = kind === 0 || offset !== REGISTER.CTRL ? 0 : this.ctrl;
    const after = [value, before ^ value, before | value, before & ~value][kind];
    this.writeUint32(offset, after);
  }

  // The FIFO alone, on the bus slave that does not wait for XIP reads.
  get auxiliary() {
    return {
      readUint32: () => this.readUint32(REGISTER.STREAM_FIFO),
      writeUint32: () => {},
      writeUint32Atomic: () => {},
    };
  }
}
