// Types of the API, from ../api-spec into src/gen: api.ts (requests) and frames.ts (the socket's frames).
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import openapi, { astToString } from 'openapi-typescript';
import { compile } from 'json-schema-to-typescript';

const specs = new URL('../../api-spec/', import.meta.url);
const gen = new URL('../src/gen/', import.meta.url);
const head = '// Made by scripts/types.mjs from api-spec; not to be changed by hand.\n';

/** Writes only what changed, so that a running build does not start anew. */
async function put(name, text) {
  const file = new URL(name, gen);
  const before = await readFile(file, 'utf8').catch(() => '');
  if (before !== text) await writeFile(file, text);
}

/** References into the schema's own definitions, and pairs as the generator knows them. */
function adapt(node) {
  if (Array.isArray(node)) return node.map(adapt);
  if (node === null || typeof node !== 'object') return node;
  const out = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref') out.$ref = value.replace('#/components/schemas/', '#/definitions/');
    else if (key === 'prefixItems') Object.assign(out, { items: adapt(value), additionalItems: false });
    else out[key] = adapt(value);
  }
  return out;
}

const camel = (name) => name.replace(/(^|[._])([a-z])/g, (_, _dot, letter) => letter.toUpperCase());

/** One schema of all frames: each side is a union of its messages. */
function frames(asyncapi) {
  const definitions = adapt(asyncapi.components.schemas);
  const sides = { ClientFrame: [], ServerFrame: [] };
  for (const [name, message] of Object.entries(asyncapi.components.messages)) {
    // The one that is no text is read by hand.
    if (message.contentType === 'application/octet-stream') continue;
    const [side, kind] = name.split('.');
    const title = `${side === 'client' ? 'Send' : 'Told'}${camel(kind)}`;
    definitions[title] = { description: message.summary, ...adapt(message.payload), additionalProperties: false };
    sides[side === 'client' ? 'ClientFrame' : 'ServerFrame'].push({ $ref: `#/definitions/${title}` });
  }
  for (const [name, members] of Object.entries(sides)) definitions[name] = { oneOf: members };
  const properties = { client: { $ref: '#/definitions/ClientFrame' }, server: { $ref: '#/definitions/ServerFrame' } };
  return { title: 'Frames', type: 'object', additionalProperties: false, properties, definitions };
}

await mkdir(gen, { recursive: true });
await put('api.ts', head + astToString(await openapi(new URL('openapi.json', specs))));
const asyncapi = JSON.parse(await readFile(new URL('asyncapi.json', specs), 'utf8'));
const text = await compile(frames(asyncapi), 'Frames', {
  additionalProperties: false, bannerComment: '', format: false, unreachableDefinitions: true, strictIndexSignatures: false,
});
await put('frames.ts', head + text);
