// One socket, from its ticket to its end. It has no memory: what outlives it is in feed.ts.
import type { ClientFrame, ServerFrame } from '../gen/frames.ts';
import { Unpacker } from './unpack.ts';

/** How long the socket may take until the server's first frame, milliseconds. */
const OPENING_MS = 8_000;
/** What may wait in the browser to be sent, bytes; beyond it the network does not keep up. */
const WAITING_BYTES = 256 * 1024;

export interface Heard {
  frame(frame: ServerFrame): void;
  /** The end, once. Code 1006: broken, or given up here. */
  end(code: number): void;
}

export class Line {
  readonly #socket: WebSocket;
  readonly #heard: Heard;
  readonly #opening: ReturnType<typeof setTimeout>;
  readonly #unpacker = new Unpacker();
  #over = false;

  constructor(ticket: string, heard: Heard) {
    this.#heard = heard;
    const url = new URL('/api/v1/ws', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(url, ['sigap.v1', `ticket.${ticket}`]);
    this.#socket.binaryType = 'arraybuffer';
    this.#opening = setTimeout(() => this.giveUp(), OPENING_MS);
    this.#socket.onmessage = (message) => this.#take(message.data);
    this.#socket.onclose = (event) => this.#end(event.code);
  }

  /** Says whether the frame was handed to the network. */
  send(frame: ClientFrame): boolean {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return false;
    if (this.#socket.bufferedAmount > WAITING_BYTES) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends it without waiting for the other side, which may be gone. */
  giveUp(): void {
    this.#end(1006);
    this.#socket.close();
  }

  #take(data: unknown): void {
    if (this.#over) return;
    if (data instanceof ArrayBuffer) return this.#takePacked(new Uint8Array(data));
    const frame = JSON.parse(String(data)) as ServerFrame;
    if (frame.type === 'hello') clearTimeout(this.#opening);
    this.#heard.frame(frame);
  }

  /** Positions. What cannot be read is a line that cannot be relied on: a new one begins anew. */
  #takePacked(bytes: Uint8Array): void {
    let frame: ServerFrame;
    try {
      frame = this.#unpacker.unpack(bytes);
    } catch {
      return this.giveUp();
    }
    this.#heard.frame(frame);
  }

  #end(code: number): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#opening);
    this.#heard.end(code);
  }
}
