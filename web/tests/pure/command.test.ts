// The command line: what is understood, what is not and why, what is offered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complete } from '../../src/console/logic/complete.ts';
import { find, parse } from '../../src/console/logic/command.ts';

const known = {
  area: 'BPN', units: ['BPN-C1', 'BPN-M1', 'BPN-M12', 'SMD-M1', 'SMD-M7'], incidents: ['BPN-1024', 'BPN-1020', 'SMD-1024'],
  reports: ['BPN-R7', 'KALTIM-R9'], ended: ['BPN-1001', 'BPN-R5'],
};
const words = (line: string) => complete(line, known).map(({ word }) => word);

test('a unit is sent: asked, ordered, queued; with or without spaces and areas', () => {
  const send = { do: 'send', unit: 'BPN-M12', incident: 'BPN-1024', mode: 'offer' };
  for (const line of ['BPN-M12 > 1024', 'm12 > 1024', 'M12>1024', '  m12   >  bpn-1024 ']) assert.deepEqual(parse(line, known), send, line);
  assert.deepEqual(parse('M12 >> 1024', known), { ...send, mode: 'assign' });
  assert.deepEqual(parse('M12>+1024', known), { ...send, mode: 'queue' });
  assert.deepEqual(parse('m7 > SMD-1024', known), { do: 'send', unit: 'SMD-M7', incident: 'SMD-1024', mode: 'offer' });
});

test('names without an area mean the own one; what two other areas have means none', () => {
  assert.equal(find('M1', known.units, 'BPN'), 'BPN-M1');
  assert.equal(find('M1', known.units, 'SMD'), 'SMD-M1');
  assert.equal(find('M1', known.units, 'KALTIM'), undefined);
  assert.equal(find('m7', known.units, 'BPN'), 'SMD-M7');
});

test('steps, notes, recalls and the rest, in both languages', () => {
  assert.deepEqual(parse('st BPN-M12 clear', known), { do: 'step', unit: 'BPN-M12', to: 'cleared' });
  assert.deepEqual(parse('st m12 tiba', known), { do: 'step', unit: 'BPN-M12', to: 'on_scene' });
  assert.deepEqual(parse('st m12 tolak ban bocor', known), { do: 'step', unit: 'BPN-M12', to: 'declined', reason: 'ban bocor' });
  assert.deepEqual(parse('note 1024  dua  orang, pos 3 ', known), { do: 'note', incident: 'BPN-1024', text: 'dua  orang, pos 3' });
  assert.deepEqual(parse('catat 1024 x', known), { do: 'note', incident: 'BPN-1024', text: 'x' });
  assert.deepEqual(parse('recall m12', known), { do: 'recall', unit: 'BPN-M12', reason: '' });
  assert.deepEqual(parse('tarik m12 salah alamat', known), { do: 'recall', unit: 'BPN-M12', reason: 'salah alamat' });
  assert.deepEqual(parse('ho m12 c1', known), { do: 'hand_over', from: 'BPN-M12', to: 'BPN-C1' });
  assert.deepEqual(parse('merge 1024 1020', known), { do: 'merge', incident: 'BPN-1024', into: 'BPN-1020' });
  assert.deepEqual(parse('close 1024 handled', known), { do: 'close', incident: 'BPN-1024', disposition: 'handled' });
  assert.deepEqual(parse('pri 1024 p1', known), { do: 'priority', incident: 'BPN-1024', priority: 'P1' });
  assert.deepEqual(parse('duty m12 oos', known), { do: 'duty', unit: 'BPN-M12', duty: 'out_of_service' });
  assert.deepEqual(parse('claim', known), { do: 'claim', report: null });
  assert.deepEqual(parse('ambil r7', known), { do: 'claim', report: 'BPN-R7' });
  assert.deepEqual(parse('1024', known), { do: 'look', id: 'BPN-1024' });
  assert.deepEqual(parse('m12', known), { do: 'look', id: 'BPN-M12' });
  assert.deepEqual(parse('r5', known), { do: 'look', id: 'BPN-R5' }, 'what has ended can be looked at');
  assert.deepEqual(parse('note 1001 x', known), { wrong: 'incident', at: '1001' }, 'and nothing else');
});

test('what is no order says which word is wrong', () => {
  assert.deepEqual(parse('  ', known), { wrong: 'empty', at: '' });
  assert.deepEqual(parse('M9 > 1024', known), { wrong: 'unit', at: 'M9' });
  assert.deepEqual(parse('M12 > 9', known), { wrong: 'incident', at: '9' });
  assert.deepEqual(parse('M12 >', known), { wrong: 'incident', at: '' });
  assert.deepEqual(parse('fly M12', known), { wrong: 'verb', at: 'fly' });
  assert.deepEqual(parse('st M12 sleep', known), { wrong: 'word', at: 'sleep' });
  assert.deepEqual(parse('st M12 decline', known), { wrong: 'text', at: 'decline' }, 'a no needs a reason');
  assert.deepEqual(parse('note 1024', known), { wrong: 'text', at: '' });
  assert.deepEqual(parse('merge 1024 1024', known), { wrong: 'incident', at: '1024' });
  assert.deepEqual(parse('claim R99', known), { wrong: 'report', at: 'R99' });
  assert.deepEqual(parse('constructor 1', known), { wrong: 'verb', at: 'constructor' });
  assert.deepEqual(parse('st M12 constructor', known), { wrong: 'word', at: 'constructor' });
});

test('what comes next is offered, and completes the line', () => {
  assert.deepEqual(words('m'), ['merge', 'BPN-M1', 'BPN-M12', 'SMD-M1', 'SMD-M7']);
  assert.deepEqual(words('BPN-M12 '), ['>', '>>', '>+']);
  assert.deepEqual(words('BPN-M12 > 102'), ['BPN-1024', 'BPN-1020', 'SMD-1024']);
  assert.deepEqual(words('st '), known.units);
  assert.deepEqual(words('st M12 cl'), ['clear']);
  assert.deepEqual(words('close 1024 h'), ['handled']);
  assert.deepEqual(words('note 1024 h'), [], 'a text is free');
  assert.deepEqual(words('merge 1024 '), known.incidents);
  assert.equal(complete('st M12 cl', known)[0]!.line, 'st M12 clear ');
  assert.equal(complete('  st', known).length, 0, 'what is whole is not offered');
});
