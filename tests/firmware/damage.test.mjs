// Models that are missing, damaged or foreign: said at boot, and the console stays alive.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { boot, tinyModel } from './board.mjs';

function changed(change) {
  const model = tinyModel();
  change(model);
  return model;
}

const CASES = [
  ['no model', null, /no model: DOGBERRY_ERR_MAGIC at flash offset 131072/],
  ['a flipped bit', changed((m) => (m[m.length >> 1] ^= 16)), /the model cannot be used: DOGBERRY_ERR_CHECKSUM/],
  ['a newer format', changed((m) => m.writeUInt16LE(2, 4)), /the model cannot be used: DOGBERRY_ERR_VERSION/],
  ['a cut model', tinyModel().subarray(0, 6000), /the model cannot be used: DOGBERRY_ERR_CHECKSUM/],
  ['a model larger than flash', changed((m) => m.writeUInt32LE(4 << 20, 8)), /the model cannot be used: DOGBERRY_ERR_/],
];

for (const [name, model, problem] of CASES) {
  test(`${name} is reported, and what to do`, () => {
    const { talk, greeting } = boot({ model });
    assert.match(greeting, problem);
    assert.match(greeting, /dogberry export MODEL\.dog --to uf2/);
    assert.doesNotMatch(greeting, /golden vector/);
    assert.match(talk.command('who goes there'), problem);
    assert.match(talk.command('/reset'), problem);
    assert.match(talk.command('/temp 1'), problem);
    assert.equal(talk.info().arena.usedBytes, 0);
  });
}
