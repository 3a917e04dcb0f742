// The parts of the feed that need no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause } from '../../src/shared/backoff.ts';
import { meaning } from '../../src/shared/closes.ts';
import { Cursors } from '../../src/shared/cursors.ts';
import { uuid } from '../../src/shared/ids.ts';
import { readFileSync } from 'node:fs';

const none = new Set<string>();

test('a gap and a repeat are noticed', () => {
  const cursors = new Cursors();
  cursors.follow('BPN');
  assert.deepEqual(cursors.since(), { BPN: null });
  assert.equal(cursors.event({ area: 'BPN', seq: 40, prev: 39 }), 'repeat', 'the picture that comes holds it');
  cursors.told({ type: 'reset', area: 'BPN', cursor: 40 }, none);
  assert.equal(cursors.event({ area: 'BPN', seq: 43, prev: 40 }), 'next', 'what others see leaves holes in the numbers');
  assert.equal(cursors.event({ area: 'BPN', seq: 43, prev: 40 }), 'repeat');
  assert.equal(cursors.event({ area: 'BPN', seq: 50, prev: 47 }), 'gap');
  assert.equal(cursors.event({ area: 'SMD', seq: 1, prev: 0 }), 'repeat', 'not followed');
  cursors.told({ type: 'heartbeat', server_ms: 1, cursors: { BPN: 60, SMD: 9 } }, new Set(['BPN']));
  assert.deepEqual(cursors.since(), { BPN: 43 }, 'asked for anew: the heartbeat is of the time before');
  cursors.told({ type: 'heartbeat', server_ms: 1, cursors: { BPN: 60, SMD: 9 } }, none);
  assert.equal(cursors.event({ area: 'BPN', seq: 61, prev: 60 }), 'next');
  cursors.forget();
  assert.deepEqual(cursors.since(), { BPN: null });
});

test('each close code of the API means what the API says', () => {
  const asyncapi = JSON.parse(readFileSync(new URL('../../../api-spec/asyncapi.json', import.meta.url), 'utf8'));
  const codes: { code: number; reconnect: boolean }[] = asyncapi.channels.session['x-close-codes'];
  assert.ok(codes.length >= 10);
  for (const { code, reconnect } of codes) assert.equal(meaning(code).again, reconnect, String(code));
  assert.deepEqual(meaning(4003), { again: true, fresh: true });
  assert.equal(meaning(1006).again, true, 'a broken line');
});

test('pauses grow, differ and end', () => {
  assert.ok(pause(0, 4_000, 0) >= 200 && pause(0, 4_000, 1) <= 400);
  assert.ok(pause(3, 4_000, 0.5) > pause(1, 4_000, 0.5));
  assert.equal(pause(1_000, 4_000, 1), 4_000);
});

test('names of commands are UUIDs of version 7, in the order of their moments', () => {
  const at = 1_793_581_200_123;
  const one = uuid(at);
  assert.match(one, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(parseInt(one.replaceAll('-', '').slice(0, 12), 16), at);
  assert.ok(one < uuid(at + 1));
  assert.notEqual(one, uuid(at));
});
