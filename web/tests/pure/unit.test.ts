// The officer's app without a browser: how often it tells where it is, what goes first after a tunnel, what it says of
// itself, and the steps of a dispatch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Brief, DispatchStatus, FixFrame, ToldEvent } from '../../src/gen/frames.ts';
import { dated, isOwed, nextBatch, overflow, unheard } from '../../src/unit/backlog.ts';
import { gradeOf, healthOf, sleptFor, type Seen } from '../../src/unit/health.ts';
import { answered, heard, picture, type Job } from '../../src/unit/jobs.ts';
import { LONGEST_MS, pauseOf } from '../../src/unit/rate.ts';
import { beat, held, left } from '../../src/unit/ring.ts';
import { isPast, shown, stepsFrom } from '../../src/unit/steps.ts';

test('who drives to a scene tells most often, and an empty battery never makes a unit look lost', () => {
  const full = { battery_pct: 80, is_charging: false };
  const driving = pauseOf({ ...full, speed_mps: 14, is_working: true });
  assert.equal(driving, 1_000);
  assert.ok(driving < pauseOf({ ...full, speed_mps: 14, is_working: false }));
  assert.ok(pauseOf({ ...full, speed_mps: 14, is_working: false }) < pauseOf({ ...full, speed_mps: 0, is_working: false }));
  const low = { speed_mps: 3, is_working: false, battery_pct: 15, is_charging: false };
  assert.equal(pauseOf(low), 2 * pauseOf({ ...low, is_charging: true }));
  assert.equal(pauseOf({ ...low, speed_mps: 0, battery_pct: 3 }), LONGEST_MS);
  assert.ok(LONGEST_MS * 3 <= 60_000);
  assert.equal(pauseOf({ ...full, speed_mps: null, is_working: false }), pauseOf({ ...full, speed_mps: 1, is_working: false }));
});

const fix = (at_ms: number): FixFrame => ({ at_ms, lat: -1.25, lng: 116.85 });

test('after a tunnel the newest goes first, in frames that the server takes', () => {
  const kept = Array.from({ length: 250 }, (_, i) => fix(i));
  const batch = nextBatch(kept, 249, 249);
  assert.equal(batch.length, 100);
  assert.deepEqual([batch[0]!.at_ms, batch[99]!.at_ms], [249, 150]);
  assert.ok(batch.every((one) => one.backlog === true));
  const times = (live_ms: number, newest_ms: number) => nextBatch([1, 5, 9].map(fix), live_ms, newest_ms).map((one) => one.at_ms);
  assert.deepEqual(times(5, 9), [5, 1], 'what did not go live yet is no history: it could never move the pin any more');
  assert.deepEqual(times(9, 9), [9, 5, 1], 'what went live stays kept until the server has answered');
  assert.deepEqual(times(0, 0), [9, 5, 1], 'without a position there is only history');
  assert.deepEqual(times(5, 5), [9, 5, 1], 'dated before the clock was set back');
  assert.deepEqual(overflow([5, 3, 9, 1], 3), [1]);
  assert.deepEqual(overflow([5, 3], 3), []);
});

test('what was sent into a silent line is sent again, and what a speaking one took is not', () => {
  const sent = [{ fix: fix(1), sent_ms: 1_000 }, { fix: fix(2), sent_ms: 9_000 }];
  assert.deepEqual(unheard(sent, 8_000, 31_000).map((one) => one.at_ms), [2]);
  assert.deepEqual(unheard(sent, 500, 9_500), [], 'the server was restarted: it spoke until the end');
});

test('a new line is told the newest position, whatever the line before seemed to take', () => {
  const told = { is_up: true, live_ms: 0, taken_ms: 900 };
  assert.ok(isOwed(900, false, told), 'at once, though it was told before');
  assert.ok(!isOwed(900, true, { ...told, live_ms: 900 }), 'once');
  assert.ok(!isOwed(950, false, { ...told, live_ms: 900 }), 'the next when it is due');
  assert.ok(isOwed(950, true, { ...told, live_ms: 900 }));
  assert.ok(isOwed(900, true, { ...told, live_ms: 500 }), 'kept because the network did not take it: it still goes live');
  assert.ok(!isOwed(900, true, { ...told, is_up: false }), 'without a line it is kept once');
  assert.ok(isOwed(950, true, { ...told, is_up: false }));
});

test('a place that was asked for never hides one that was measured later', () => {
  assert.equal(dated(null, 1_000), 1_000);
  assert.equal(dated(null, 1_000, 5_000), 5_000, 'standing still: the old place holds for the moment of the question');
  const asked = { measured_ms: 1_000, at_ms: 5_000 };
  assert.equal(dated(asked, 1_000, 9_000), 9_000);
  assert.equal(dated(asked, 1_000), null, 'the same again');
  assert.equal(dated(asked, 4_800), 5_001, 'measured before the question was answered, and told after it: it is the newer place');
  assert.equal(dated(asked, 7_000), 7_000);
  assert.equal(dated({ measured_ms: 4_800, at_ms: 5_001 }, 1_000, 9_000), null, 'an answer from before');
});

const well: Seen = {
  is_source: true, permission: 'granted', cut_since_ms: null, fix: { at_ms: 99_000, accuracy_m: 12.4 },
  sent_ms: 96_000, waiting: 0, refused: null, began_ms: 0,
};

test('the health of the tracking is the worst of what is wrong', () => {
  const of = (change: Partial<Seen>) => healthOf({ ...well, ...change }, 100_000);
  assert.deepEqual(of({}), { is: 'good', age_s: 4, accuracy_m: 12 });
  assert.deepEqual(of({ cut_since_ms: 58_000, waiting: 7 }), { is: 'tunnel', cut_s: 42, waiting: 7 });
  assert.deepEqual(of({ fix: { at_ms: 10_000, accuracy_m: 5 }, cut_since_ms: 90_000 }), { is: 'no_gps', for_s: 90 });
  assert.deepEqual(of({ sent_ms: 60_000 }), { is: 'late', age_s: 40 });
  assert.deepEqual(of({ fix: { at_ms: 99_000, accuracy_m: 140 } }), { is: 'vague', age_s: 4, accuracy_m: 140 });
  assert.equal(of({ permission: 'denied', cut_since_ms: 1 }).is, 'denied');
  assert.equal(of({ is_source: false, permission: 'denied' }).is, 'elsewhere');
  assert.equal(of({ fix: null, sent_ms: null, began_ms: 99_000 }).is, 'asking');
  assert.equal(of({ refused: 'mock' }).is, 'mock');
  assert.deepEqual(['too_fast', 'zero_island', 'future', 'inaccurate'].map((refused) => of({ refused }).is), ['refused', 'refused', 'misdated', 'vague']);
  assert.deepEqual(['good', 'tunnel', 'denied', 'elsewhere'].map((is) => gradeOf({ is } as never)), ['good', 'poor', 'bad', 'none']);
});

test('a browser that stopped the position in the background is found out, and one that did not is not blamed', () => {
  assert.equal(sleptFor(100_000, 101_000, 231_000), 130_000);
  assert.equal(sleptFor(100_000, 228_000, 231_000), null, 'it told on in the background');
  assert.equal(sleptFor(100_000, 99_000, 110_000), null, 'a short look at another app');
  assert.equal(sleptFor(100_000, null, 200_000), 100_000);
});

test('an offer rings until it has run out, faster at the end', () => {
  assert.deepEqual([15_200, 15_000, 1_300, 1_200, 100, 0].map((ms) => left(ms, 0).s), [15, 15, 2, 1, 1, 0], 'what is a moment more than 15 is 15');
  assert.deepEqual(left(115_000, 100_000), { ms: 15_000, s: 15, share: 1 });
  assert.deepEqual(left(115_000, 114_200), { ms: 800, s: 1, share: 800 / 15_000 });
  assert.equal(left(115_000, 200_000).s, 0);
  assert.ok(beat(3_000) < beat(12_000));
  assert.deepEqual([held(null, 5), held(1_000, 2_000), held(1_000, 9_000)], [0, 0.5, 1]);
});

test('taps that wait count for the crew, as far as they fit', () => {
  assert.deepEqual(stepsFrom('offered'), ['accepted', 'declined']);
  assert.equal(shown('accepted', ['en_route', 'on_scene']), 'on_scene');
  assert.equal(shown('offered', ['en_route']), 'offered', 'nobody sets out before they said yes');
  assert.equal(shown('on_scene', ['en_route', 'cleared']), 'cleared');
  assert.deepEqual(stepsFrom('recalled'), []);
  assert.ok(isPast('on_scene', 'en_route') && isPast('en_route', 'en_route'));
  assert.ok(!isPast('accepted', 'en_route') && !isPast('recalled', 'en_route'));
});

function brief(no: number, status: DispatchStatus, note?: string): Brief {
  const incident = { id: `BPN-${no}`, kind: 'theft', priority: 'P2', origin: 'citizen', place: { lat: -1.25, lng: 116.85 }, clock: { start: 5, target_ms: 600_000 } };
  const notes = note === undefined ? [] : [{ no: 1, at: 7, author: 'system', text: note }];
  return { dispatch: { id: `BPN-D${no}`, incident: `BPN-${no}`, unit: 'BPN-M1', status, created: no }, incident, notes } as unknown as Brief;
}

function event(kind: string, body: object, with_brief?: Brief): ToldEvent {
  return { type: 'event', area: 'BPN', seq: 2, prev: 1, event: { kind, at: 9, body: { unit: 'BPN-M1', dispatch: 'BPN-D1', incident: 'BPN-1', ...body } }, ...(with_brief && { brief: with_brief }) } as unknown as ToldEvent;
}

test('the work is what the server says, by pictures, events and answers', () => {
  let told = heard([], event('dispatch.offered', { answer_by: 15_000 }, brief(1, 'offered')), 'BPN-M1');
  assert.deepEqual(told.news.map((news) => news.is), ['offered']);
  assert.equal(told.jobs[0]!.answer_by, 15_000);
  told = heard(told.jobs, event('dispatch.delivered', {}), 'BPN-M1');
  assert.deepEqual([told.jobs[0]!.status, told.news.length], ['offered', 0]);
  told = heard(told.jobs, event('dispatch.accepted', {}, brief(1, 'accepted')), 'BPN-M1');
  assert.equal(told.jobs[0]!.status, 'accepted');
  told = answered(told.jobs, { id: 'BPN-D1', status: 'en_route' } as never);
  told = heard(told.jobs, event('dispatch.updated', {}, brief(1, 'en_route', 'di belakang pasar')), 'BPN-M1');
  assert.deepEqual(told.news.map((news) => news.is), ['updated']);
  assert.equal(told.jobs[0]!.scene?.notes[0]?.text, 'di belakang pasar');
  told = heard(told.jobs, event('dispatch.on_scene', { arrival: { verified: true, distance_m: 40 } }), 'BPN-M1');
  assert.deepEqual(told.jobs[0]!.arrival, { verified: true, distance_m: 40 });
  told = heard(told.jobs, event('dispatch.recalled', { reason: 'salah alamat' }), 'BPN-M1');
  assert.deepEqual(told.jobs, []);
  assert.deepEqual(told.news.map((news) => news.is === 'ended' && [news.how, news.why]), [['recalled', 'salah alamat']]);
  assert.deepEqual(heard([], event('dispatch.offered', {}), 'BPN-M2'), { jobs: [], news: [] }, 'the work of others');
});

test('what waits stands behind what holds the unit, and an order is news', () => {
  const first = picture([], [brief(2, 'queued'), brief(3, 'on_scene')]);
  assert.deepEqual(first.jobs.map((job: Job) => job.dispatch), ['BPN-D3', 'BPN-D2']);
  const next = picture(first.jobs, [brief(2, 'accepted')]);
  assert.deepEqual(next.news.map((news) => news.is), ['ordered', 'ended']);
});
