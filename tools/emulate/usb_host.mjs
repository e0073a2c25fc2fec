// The PC's end of the USB cable: enumerates a CDC-ACM serial port as an operating system does and moves bytes.
// Stricter than an operating system: data toggles, lengths and descriptors that are wrong become faults.
// SPDX-License-Identifier: MIT

const REQUEST = {
  CLEAR_FEATURE: 1, GET_DESCRIPTOR: 6, SET_ADDRESS: 5, SET_CONFIGURATION: 9,
  SET_LINE_CODING: 0x20, GET_LINE_CODING: 0x21, SET_CONTROL_LINE_STATE: 0x22,
};
const DESCRIPTOR = { DEVICE: 1, CONFIGURATION: 2, STRING: 3, INTERFACE: 4, ENDPOINT: 5, QUALIFIER: 6 };
const IN = 0x80;
const CLASS_INTERFACE = 0x21;
const ENDPOINT = 2;
const PACKET = 64;
const READ_BYTES = 2 * PACKET;
const BUFFER_CONTROLS = 0x80; // in USB memory: endpoint n in at 0x80 + 8n, out 4 above
const AVAILABLE = 1 << 10;
const DATA1 = 1 << 13;
const FULL = 1 << 15;
const PACKET_NANOS = 50e3; // 64 bytes and their framing at 12 Mbit/s
const SETTLE_NANOS = 100e3; // the host takes its time between transfers

function setupPacket({ type, request, value = 0, index = 0, length = 0 }) {
  return new Uint8Array([type, request, value & 255, value >> 8, index & 255, index >> 8, length & 255, length >> 8]);
}

// What a configuration descriptor says: the bulk endpoints of its data interface.
function dataEndpoints(configuration) {
  const endpoints = {};
  let interfaces = 0;
  let at = 0;
  for (; at < configuration.length && configuration[at] >= 2; at += configuration[at]) {
    const type = configuration[at + 1];
    if (type === DESCRIPTOR.INTERFACE) interfaces++;
    if (type === DESCRIPTOR.ENDPOINT && (configuration[at + 3] & 3) === 2) {
      const address = configuration[at + 2];
      endpoints[address & IN ? 'in' : 'out'] = address & 15;
    }
  }
  const total = configuration[2] | (configuration[3] << 8);
  if (at !== total || total !== configuration.length) {
    throw new Error(`USB: configuration of ${total} bytes ends at ${at}`);
  }
  if (interfaces !== configuration[4]) throw new Error(`USB: ${interfaces} interfaces, ${configuration[4]} announced`);
  if (!endpoints.in || !endpoints.out) throw new Error('USB: no bulk endpoints');
  return endpoints;
}

export class UsbHost {
  // onData(bytes) receives what the board writes; onReady() is called when the port is open.
  constructor(usb, clock, { onData, onReady }) {
    this.usb = usb;
    this.onData = onData;
    this.onReady = onReady;
    this.queue = []; // bytes for the board
    this.reading = []; // bytes of a read that has not ended
    this.device = null;
    this.transfer = null;
    this.endpoints = {};
    this.readSize = null; // a bulk OUT buffer that waits for bytes
    this.controlReadSize = null;
    this.toggles = new Map();
    this.settle = clock.createAlarm(() => this.step());
    this.checkStall = clock.createAlarm(() => this.noAnswer());
    usb.onUSBEnabled = () => usb.resetDevice();
    usb.onResetReceived = () => this.start();
    usb.onEndpointWrite = (endpoint, buffer) => this.received(endpoint, buffer);
    usb.onEndpointRead = (endpoint, size) => this.wanted(endpoint, size);
    this.watchToggles();
    this.slowDown(clock);
  }

  // Plays the cable being pulled and put back.
  reset() {
    this.usb.resetDevice();
  }

  // Takes bytes for the board; they go out packet by packet as the board makes room.
  send(bytes) {
    for (const byte of bytes) this.queue.push(byte);
    this.feed();
  }

  get idle() {
    return this.queue.length === 0;
  }

  // Real hardware drops packets whose data toggle is wrong, the emulator does not: check them as they are armed.
  watchToggles() {
    const updated = this.usb.DPRAMUpdated.bind(this.usb);
    this.usb.DPRAMUpdated = (offset, value) => {
      if (value & AVAILABLE && offset >= BUFFER_CONTROLS && offset < 0x100) {
        const name = `${(offset - BUFFER_CONTROLS) >> 3} ${offset & 4 ? 'out' : 'in'}`;
        const toggle = value & DATA1 ? 1 : 0;
        const expected = this.toggles.get(name) ?? 0;
        if (toggle !== expected) throw new Error(`USB: endpoint ${name} is at DATA${toggle}, not DATA${expected}`);
        if (!!(value & FULL) !== !(offset & 4)) throw new Error(`USB: endpoint ${name}: full bit wrong`);
        this.toggles.set(name, 1 - toggle);
      }
      updated(offset, value);
    };
  }

  // The emulator reports a packet as sent the moment it is armed; a full-speed bus takes its time.
  slowDown(clock) {
    const report = this.usb.indicateBufferReady.bind(this.usb);
    const sent = Array.from({ length: 16 }, (_, endpoint) => clock.createAlarm(() => report(endpoint, false)));
    this.usb.indicateBufferReady = (endpoint, out) => {
      if (out) report(endpoint, true);
      else sent[endpoint].schedule(PACKET_NANOS);
    };
  }

  start() {
    this.toggles.clear();
    this.reading = [];
    this.endpoints = {};
    this.readSize = null;
    this.script = this.enumerate();
    this.step();
  }

  // Each yield is one control transfer and returns the bytes that came back, or null for a stall.
  *enumerate() {
    const get = (kind, length) => ({ type: IN, request: REQUEST.GET_DESCRIPTOR, value: kind, length });
    const check = (ok, what) => {
      if (!ok) throw new Error(`USB: ${what}`);
    };

    let bytes = yield get(DESCRIPTOR.DEVICE << 8, 64);
    check(bytes?.length === 18 && bytes[7] === PACKET, 'bad device descriptor');
    yield { type: 0, request: REQUEST.SET_ADDRESS, value: 5 };
    check((this.usb.addrEndp & 0x7f) === 5, 'address not taken');
    bytes = yield get(DESCRIPTOR.DEVICE << 8, 18);
    this.device = { vendor: bytes[8] | (bytes[9] << 8), product: bytes[10] | (bytes[11] << 8) };
    check((yield get(DESCRIPTOR.QUALIFIER << 8, 10)) === null, 'a full-speed device must refuse the qualifier');
    bytes = yield get(DESCRIPTOR.CONFIGURATION << 8, 9);
    check(bytes?.length === 9, 'bad configuration descriptor');
    bytes = yield get(DESCRIPTOR.CONFIGURATION << 8, bytes[2] | (bytes[3] << 8));
    const endpoints = dataEndpoints(bytes);
    for (const index of [0, 1, 2]) {
      bytes = yield get((DESCRIPTOR.STRING << 8) | index, 255);
      check(bytes?.length >= 4 && bytes.length === bytes[0], `bad string ${index}`);
    }
    this.device.name = new TextDecoder('utf-16le').decode(new Uint8Array(bytes.slice(2)));
    for (const name of [`${endpoints.in} in`, `${endpoints.out} out`]) this.toggles.set(name, 0);
    this.endpoints = endpoints;
    yield { type: 0, request: REQUEST.SET_CONFIGURATION, value: 1 };
    for (const [name, index] of [[`${endpoints.in} in`, endpoints.in | IN], [`${endpoints.out} out`, endpoints.out]]) {
      this.toggles.set(name, 0);
      yield { type: ENDPOINT, request: REQUEST.CLEAR_FEATURE, index };
    }
    const coding = new Uint8Array([0x80, 0x25, 0, 0, 0, 0, 8]); // 9600 8N1
    yield { type: CLASS_INTERFACE, request: REQUEST.SET_LINE_CODING, length: 7, data: coding };
    bytes = yield { type: IN | CLASS_INTERFACE, request: REQUEST.GET_LINE_CODING, length: 7 };
    check(bytes?.join() === coding.join(), 'line coding is not kept');
    yield { type: CLASS_INTERFACE, request: REQUEST.SET_CONTROL_LINE_STATE, value: 3 };
    this.onReady();
  }

  step(bytes) {
    const { value, done } = this.script.next(this.transfer?.result);
    this.transfer = done ? null : { ...value, result: [], finished: false };
    if (done) return;
    this.toggles.set('0 in', 1);
    this.toggles.set('0 out', 1);
    this.controlReadSize = null;
    this.usb.epStallArm = 0; // the hardware does that on a SETUP
    this.usb.sendSetupPacket(setupPacket(this.transfer));
    this.checkStall.schedule(5e6);
  }

  noAnswer() {
    if (!this.transfer || this.transfer.finished) return;
    const { type, request, value } = this.transfer;
    if (this.usb.epStallArm === 0) {
      throw new Error(`USB: no answer to request ${request} (type ${type}, value ${value ?? 0})`);
    }
    this.finish(null);
  }

  finish(result) {
    this.transfer.finished = true;
    this.transfer.result = result;
    this.checkStall.cancel();
    this.settle.schedule(SETTLE_NANOS);
  }

  received(endpoint, buffer) {
    if (endpoint === 0 && this.transfer && !this.transfer.finished) {
      this.controlIn(buffer);
    } else if (endpoint === this.endpoints.in) {
      this.bulkIn(buffer);
    }
  }

  // As Linux's cdc_acm: a read of two packets' size ends when it is full or with a packet that is not.
  bulkIn(buffer) {
    this.reading.push(...buffer);
    if (buffer.length === PACKET && this.reading.length < READ_BYTES) return;
    if (this.reading.length > 0) this.onData(new Uint8Array(this.reading));
    this.reading = [];
  }

  controlIn(buffer) {
    const { transfer } = this;
    if (!(transfer.type & IN)) {
      if (buffer.length > 0) throw new Error('USB: status packet is not empty');
      this.finish([]);
      return;
    }
    transfer.result.push(...buffer);
    if (transfer.result.length > transfer.length) throw new Error('USB: more bytes than asked for');
    transfer.complete = buffer.length < PACKET || transfer.result.length === transfer.length;
    this.controlStatus();
  }

  // After the data of an IN transfer the host sends an empty packet.
  controlStatus() {
    if (!this.transfer.complete || this.controlReadSize === null) return;
    this.controlReadSize = null;
    this.usb.endpointReadDone(0, new Uint8Array(0));
    this.finish(this.transfer.result);
  }

  wanted(endpoint, size) {
    if (endpoint === 0) {
      if (this.transfer.type & IN) {
        this.controlReadSize = size;
        this.controlStatus();
      } else {
        this.usb.endpointReadDone(0, this.transfer.data);
      }
    } else if (endpoint === this.endpoints.out) {
      this.readSize = size;
      this.feed();
    }
  }

  feed() {
    if (this.readSize === null || this.queue.length === 0) return;
    const bytes = new Uint8Array(this.queue.splice(0, this.readSize));
    this.readSize = null;
    this.usb.endpointReadDone(this.endpoints.out, bytes);
  }
}
