// wasm.mjs MODULE.wasm: runs a module made with platform_wasm.c.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const text = new TextDecoder();
const print = (at, bytes) => process.stdout.write(text.decode(new Uint8Array(exports.memory.buffer, at, bytes)));
const nanoseconds = () => performance.now() * 1e6;
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const { exports } = new WebAssembly.Instance(module, { env: { print, nanoseconds } });
process.exitCode = exports.run();
