// The board says what the PC says.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { boot, hostReplies } from './board.mjs';

for (const port of ['usb', 'uart']) {
  test(`the same words and digest as on the PC, over ${port}`, () => {
    const { talk, greeting } = boot({ port });
    assert.match(greeting, /golden vector ok/);
    assert.match(greeting, /model random: 6560 parameters, \d+ bytes, seed 1/);
    const lines = ['who goes there', 'tell, tell.'];
    const expected = hostReplies('1', '40', ...lines);
    lines.forEach((line, i) => {
      const { text, digest, tokens } = talk.say(line);
      assert.deepEqual({ text, digest, tokens }, { ...expected[i], tokens: 40 });
    });
  });
}

test('a seed starts over and gives its own words', () => {
  const { talk } = boot();
  const first = talk.say('who goes there');
  assert.match(talk.command('/seed 99'), /forgotten; seed 99/);
  const other = talk.say('who goes there');
  const [expected] = hostReplies('99', '40', 'who goes there');
  assert.equal(other.digest, expected.digest);
  assert.notEqual(other.digest, first.digest);
  talk.command('/seed 1');
  assert.equal(talk.say('who goes there').digest, first.digest);
});

test('a reply of a set length has that many tokens', () => {
  const { talk } = boot();
  talk.command('/length 3');
  const { tokens, digest } = talk.say('who goes there');
  assert.equal(tokens, 3);
  assert.equal(digest, hostReplies('1', '3', 'who goes there')[0].digest);
});
