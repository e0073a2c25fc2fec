// The console as a person meets it: typing, correcting, interrupting, asking for too much.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { Machine } from '../../tools/emulate/machine.mjs';
import { Talk } from '../../tools/emulate/talk.mjs';
import { UsbHost } from '../../tools/emulate/usb_host.mjs';
import { boot, firmware, hostReplies, infoBlock, MODEL_OFFSET, tinyModel } from './board.mjs';

const BACKSPACE = '\x7f';
const CTRL_C = '\x03';
const CTRL_U = '\x15';

for (const port of ['usb', 'uart']) {
  test(`a typed line of 10 KB is refused in one line, over ${port}`, () => {
    const { talk } = boot({ port });
    const answer = talk.command('x'.repeat(10240));
    assert.equal(answer, 'line too long: 10240 bytes, at most 511; ignored\n');
    assert.equal(talk.say('who goes there').tokens, 40);
  });

  test(`backspace and Ctrl-U correct what was typed, over ${port}`, () => {
    const { talk } = boot({ port });
    const { digest } = talk.say('who goes there');
    talk.command('/reset');
    assert.equal(talk.say(`nonsense${CTRL_U}who gox${BACKSPACE}es thö${BACKSPACE}ere`).digest, digest);
  });

  test(`Ctrl-C stops a reply, over ${port}`, () => {
    const { machine, talk } = boot({ port });
    talk.command('/length 1000');
    talk.clear();
    machine.send('who goes there\r');
    machine.runUntil(() => machine.output.length > 100, 'some words', talk.deadline);
    machine.send(CTRL_C);
    talk.untilPrompt('the prompt after Ctrl-C');
    const reply = talk.reply('who goes there');
    assert.ok(reply.stopped && reply.tokens > 0 && reply.tokens < 1000, `stopped after ${reply.tokens} tokens`);
    assert.match(talk.command('/reset'), /forgotten/);
  });
}

test('Ctrl-C drops a half-typed line', () => {
  const { machine, talk } = boot();
  machine.send(`who goes${CTRL_C}`);
  talk.clear();
  talk.untilPrompt('the prompt after Ctrl-C');
  assert.match(machine.output, /who goes\^C\r\n> $/);
});

test('line ends of every kind end one line', () => {
  const { machine, talk } = boot();
  for (const end of ['\r', '\n', '\r\n']) {
    talk.clear();
    machine.send(`/reset${end}`);
    talk.untilPrompt('the prompt');
    machine.run(1e6);
    assert.equal(machine.output, '/reset\r\nforgotten; seed 1\r\n> ');
  }
});

test('settings are set, shown and refused outside their range', () => {
  const { talk } = boot();
  assert.match(talk.command('/temp 0.05'), /temperature 0\.05, top-k 40, no-repeat 4, seed 1, length 40 tokens/);
  assert.match(talk.command('/top-k 5'), /temperature 0\.05, top-k 5,/);
  assert.match(talk.command('/no-repeat 0'), /top-k 5, seed 1,/);
  assert.match(talk.command('/top-p 0.9'), /top-k 5, top-p 0\.9, seed 1,/);
  assert.match(talk.command('/min-p 0.05'), /top-p 0\.9, min-p 0\.05, seed 1,/);
  assert.match(talk.command('/repeat 1'), /min-p 0\.05, repeat 1, seed 1,/);
  for (const name of ['top-p', 'min-p', 'repeat']) {
    talk.command(`/${name} 0`);
  }
  assert.match(talk.command('/length 7'), /length 7 tokens/);
  for (const [line, complaint] of [
    ['/temp 10.001', /from 0 to 10/],
    ['/temp hot', /from 0 to 10/],
    ['/temp 0.5555', /from 0 to 10/],
    ['/top-k 129', /from 0 \(all\) to 128/],
    ['/top-k -1', /from 0 \(all\) to 128/],
    ['/top-p 1.001', /from 0 \(all\) to 1/],
    ['/min-p 2', /from 0 \(all\) to 1/],
    ['/repeat 11', /from 0 \(none\) to 10/],
    ['/no-repeat 33', /from 0 \(they may\) to 32/],
    ['/length 0', /from 1 to 1000/],
    ['/length 1001', /from 1 to 1000/],
    ['/seed 4294967296', /from 0 to 4294967295/],
    ['/seed', /from 0 to 4294967295/],
    ['/nothing of the kind', /unknown command \/nothing of the kind; \/help/],
  ]) {
    assert.match(talk.command(line), complaint);
  }
  assert.match(talk.info().text, /temperature 0\.05, top-k 5, seed 1, length 7 tokens/);
  assert.equal(talk.command('/help').trim().split('\n').length, 16);
  assert.equal(talk.command(''), '');
});

test('answers of every length come through to their last byte', () => {
  const { talk } = boot();
  for (let n = 1; n <= 130; n++) {
    const name = 'x'.repeat(n);
    assert.equal(talk.command(`/${name}`), `unknown command /${name}; /help lists them\n`);
  }
});

test('words that the model does not know, and bytes that are no text, are read as unknown', () => {
  const { machine, talk } = boot();
  const unknown = 'wherefore \u{1F600} xyzzy-42';
  assert.deepEqual(talk.say(unknown).digest, hostReplies('1', '40', unknown)[0].digest);
  talk.clear();
  machine.usb.send([0xff, 0xc3, 0x28, 0xe2, 0x82, 13]);
  talk.untilPrompt('the prompt after bytes');
  assert.equal(talk.reply('bytes').tokens, 40);
});

test('memory is stated and within its bounds', () => {
  const { talk } = boot();
  talk.say('who goes there');
  const { flash, ram, arena, stack } = talk.info();
  const block = infoBlock(firmware());
  assert.deepEqual(
    [flash.firmwareBytes, flash.modelOffset, ram.staticBytes, arena.bytes, stack.bytes],
    [block.flashBytes, block.modelOffset, block.ramBytes, block.arenaBytes, block.stackBytes],
  );
  assert.equal(flash.modelBytes, tinyModel().length);
  assert.ok(arena.usedBytes > 0 && arena.usedBytes <= arena.bytes, `arena ${arena.usedBytes} of ${arena.bytes}`);
  assert.ok(stack.peakBytes > 200 && stack.peakBytes < stack.bytes / 2, `stack ${stack.peakBytes} of ${stack.bytes}`);
});

test('lines typed ahead are answered one after the other', () => {
  const { machine, talk } = boot();
  const expected = hostReplies('1', '40', 'who goes there', 'tell');
  talk.clear();
  machine.send('who goes there\rtell\r');
  machine.runUntil(() => machine.asleep && machine.output.includes(expected[1].digest), 'the replies', talk.deadline);
  assert.deepEqual(
    [...machine.output.matchAll(/digest ([0-9a-f]{8})/g)].map(([, digest]) => digest),
    expected.map(({ digest }) => digest),
  );
});

test('a USB host that stops reading holds nobody up', () => {
  const machine = new Machine({ port: 'uart' });
  machine.loadFlash(0, firmware());
  machine.loadFlash(MODEL_OFFSET, tinyModel());
  const { usbCtrl } = machine.rp2040;
  let ready = false;
  new UsbHost(usbCtrl, machine.clock, { onData: () => {}, onReady: () => (ready = true) });
  const report = usbCtrl.indicateBufferReady;
  usbCtrl.indicateBufferReady = (endpoint, out) => (endpoint === 0 || out ? report(endpoint, out) : undefined);
  const talk = new Talk(machine, Date.now() + 60e3);
  talk.boot();
  machine.runUntil(() => ready, 'the USB port being opened', talk.deadline);
  talk.untilPrompt('the greeting for it');
  talk.command('/length 1000');
  assert.equal(talk.say('who goes there').tokens, 1000);
});

test('a cable pulled in mid reply', () => {
  const { machine, talk } = boot();
  talk.command('/length 300');
  talk.clear();
  machine.send('who goes there\r');
  machine.runUntil(() => machine.output.length > 100, 'some words', talk.deadline);
  talk.clear();
  machine.usb.reset();
  machine.connected = false;
  assert.match(talk.untilPrompt('a greeting'), /model random/);
  talk.command('/seed 1');
  assert.equal(talk.say('who goes there').digest, hostReplies('1', '300', 'who goes there')[0].digest);
});

test('a cable pulled and put back is greeted again', () => {
  const { machine, talk } = boot();
  const { digest } = talk.say('who goes there');
  talk.clear();
  machine.usb.reset();
  machine.run(1); // the board sleeps until the reset comes
  machine.connected = false;
  assert.match(talk.untilPrompt('a greeting'), /model random/);
  talk.command('/reset');
  assert.equal(talk.say('who goes there').digest, digest);
});
