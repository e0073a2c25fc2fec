// run.mjs MODULE.wasm IMAGE: runs the image in the module, as the other machines do.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const [module, image] = process.argv.slice(2);
const text = new TextDecoder();
const talk_put = (at, bytes) => process.stdout.write(text.decode(new Uint8Array(exports.memory.buffer, at, bytes)));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(module)), { env: { talk_put } });

new Uint8Array(exports.memory.buffer).set(readFileSync(image), exports.region());
process.exitCode = exports.run();
