// Commands of a screen: each is done once, however often it is given and however often nobody answers.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { unsaved } from '../../src/console/state/ui.ts';
import { Api } from '../../src/shared/api.ts';
import { Offline, Problem } from '../../src/shared/problem.ts';
import type { Session } from '../../src/shared/session.ts';

const session = { access: () => Promise.resolve('token') } as unknown as Session;
const real = globalThis.fetch;

afterEach(() => {
  globalThis.fetch = real;
});

/** A server that answers by `how`; gives the names under which commands came. */
function serve(how: (body: Record<string, unknown>, times: number) => Response | Promise<Response>): string[] {
  const names: string[] = [];
  globalThis.fetch = async (_url, init) => {
    const body = JSON.parse(String(init?.body)) as Record<string, unknown>;
    names.push(String(body.command_id));
    return how(body, names.length);
  };
  return names;
}

const away = () => Promise.reject(new TypeError('nobody there'));
const note = (api: Api, text: string) => api.command('post', '/incidents/{id}/notes', { path: { id: 'BPN-1' }, body: { text } });

test('a command is repeated under one name until somebody answers', async () => {
  const names = serve((_, times) => (times < 3 ? away() : Response.json({ no: 1 })));
  assert.deepEqual(await note(new Api(session), 'one'), { no: 1 });
  assert.equal(names.length, 3);
  assert.equal(new Set(names).size, 1);
});

test('given twice before it was answered it is one command, and another text is another', async () => {
  let answer = () => {};
  const answered = new Promise<void>((done) => (answer = done));
  const names = serve(async ({ text }) => {
    await answered;
    return Response.json({ text });
  });
  const api = new Api(session);
  const all = [note(api, 'one'), note(api, 'one'), note(api, 'two')];
  answer();
  assert.deepEqual((await Promise.all(all)).map((told) => (told as unknown as { text: string }).text), ['one', 'one', 'two']);
  assert.equal(names.length, 2);
  await note(api, 'one');
  assert.equal(new Set(names).size, 3, 'once it was answered, it is a new one');
});

test('given up in the dark it keeps its name for whoever gives it again; refused it does not', async () => {
  const names = serve((_, times) => (times === 1 ? away() : Response.json({})));
  const api = new Api(session, 0);
  await assert.rejects(note(api, 'one'), Offline);
  await note(api, 'one');
  assert.equal(names[0], names[1], 'it may have been done the first time');
  await note(api, 'one');
  assert.notEqual(names[1], names[2]);

  const others = serve((_, times) => (times === 1 ? Response.json({ code: 'forbidden', detail: '', status: 403 }, { status: 403 }) : Response.json({})));
  await assert.rejects(note(api, 'two'), Problem);
  await note(api, 'two');
  assert.notEqual(others[0], others[1]);
  assert.equal(api.late.value, 0);
});

test('what is typed while the rest is saved is not lost', () => {
  assert.equal(unsaved({ kind: 'theft', text: 'dua orang' }, { kind: 'theft', text: 'dua orang' }), null);
  assert.deepEqual(unsaved({ kind: 'robbery', text: 'dua orang' }, { kind: 'theft', text: 'dua orang' }), { kind: 'robbery' });
  assert.deepEqual(unsaved({ text: 'dua orang, satu motor' }, { text: 'dua orang,' }), { text: 'satu motor' }, 'it is added to what was said');
  assert.deepEqual(unsaved({ text: 'lain', address: '' }, { text: 'dua' }), { text: 'lain' });
  assert.deepEqual(unsaved({ pin: '-1.2, 116.8' }, {}), { pin: '-1.2, 116.8' });
});
