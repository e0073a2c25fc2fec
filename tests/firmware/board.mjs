// What the emulator's tests share.
// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Machine } from '../../tools/emulate/machine.mjs';
import { Talk } from '../../tools/emulate/talk.mjs';

export const MODEL_OFFSET = 128 * 1024;
const PATIENCE = 240e3; // on a busy machine
const folder = process.env.FIRMWARE_DIR;

export const file = (name) => `${folder}/${name}`;
export const firmware = (chip = 'rp2040') => readFileSync(file(`${chip}.bin`));
export const tinyModel = () => readFileSync(file('tiny.dog'));
export const SECTOR = 4096;
export const MODELS = ['tiny', 'second', 'third']; // files that prepare.sh makes; the first one is named "random"

// Images one after another, each in sectors of its own, as they lie in a store.
export function makeStore(images) {
  const rest = (bytes) => Buffer.alloc((SECTOR - (bytes.length % SECTOR)) % SECTOR, 0xff);
  return Buffer.concat(images.flatMap((bytes) => [bytes, rest(bytes)]));
}

// A board with the firmware and `model` (an image or a store; null: none), switched on. `greeting` is what it said.
// `prepare`, if given, may change the machine before that; other options are the machine's.
export function boot({ port = 'usb', model = tinyModel(), prepare = () => {}, ...options } = {}) {
  const machine = new Machine({ port, ...options });
  machine.loadFlash(0, firmware());
  if (model) machine.loadFlash(MODEL_OFFSET, model);
  prepare(machine);
  const talk = new Talk(machine, Date.now() + PATIENCE);
  return { machine, talk, greeting: talk.boot() };
}

// What the runtime on the PC says to the same lines: [{ text, digest }].
export function hostReplies(seed, length, ...lines) {
  return modelReplies('tiny', seed, length, ...lines);
}

// The same of another model.
export function modelReplies(model, seed, length, ...lines) {
  const said = execFileSync(process.env.HOST_REPLY, [file(`${model}.dog`), seed, length, ...lines], { encoding: 'utf8' });
  const replies = said.matchAll(/([^]*?)\ndigest ([0-9a-f]{8})\n/g);
  return [...replies].map(([, text, digest]) => ({ text: text.trim(), digest }));
}

// What the firmware says about itself in the first 4 KB of its binary.
export function infoBlock(binary) {
  let at = 0;
  while (at < 4096 && binary.toString('latin1', at, at + 4) !== 'DOGF') at += 4;
  const names = ['version', 'modelOffset', 'flashBytes', 'ramBytes', 'arenaBytes', 'stackBytes', 'reserved'];
  return Object.fromEntries(names.map((name, i) => [name, binary.readUInt32LE(at + 4 + 4 * i)]));
}
