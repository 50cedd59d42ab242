import { connect, type Socket } from "node:net";

/** Called once for each answer, with its body. */
export type OnAnswer = (status: number, body: string) => void;

const HEAD_END = "\r\n\r\n";
const CHUNKS_END = "0\r\n\r\n";

/** A character is a byte: everything that is sent and looked for is ASCII. */
const ENCODING = "latin1";

/**
 * One keep-alive HTTP/1.1 connection that sends requests rendered beforehand and looks only at an answer's
 * status and length, so that asking costs far less than answering. One request at a time.
 */
export class Connection {
  readonly #socket: Socket;
  #onAnswer: OnAnswer | null = null;
  #onFailure: (error: Error) => void;
  #held = "";

  /** @param onFailure told when the connection ends while an answer is awaited */
  constructor(url: string, onFailure: (error: Error) => void) {
    const { hostname, port } = new URL(url);
    this.#onFailure = onFailure;
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.setEncoding(ENCODING);
    this.#socket.on("data", (chunk) => this.#take(String(chunk)));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error(`${url} closed the connection`)));
  }

  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request, ENCODING);
  }

  close(): void {
    this.#onAnswer = null;
    this.#onFailure = () => {};
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    if (this.#onAnswer === null) return;
    this.#onAnswer = null;
    this.#onFailure(error);
  }

  #take(chunk: string): void {
    const text = this.#held + chunk;
    const headEnd = text.indexOf(HEAD_END);
    const end = headEnd < 0 ? -1 : answerEnd(text, headEnd + HEAD_END.length);
    if (end < 0 || text.length < end) {
      this.#held = text;
      return;
    }
    this.#held = "";
    const answered = this.#onAnswer;
    this.#onAnswer = null;
    // After "HTTP/1.1 ".
    answered?.(Number(text.slice(9, 12)), text.slice(headEnd + HEAD_END.length, end));
  }
}

/** Where the answer ends, -1 while that cannot be told. */
function answerEnd(text: string, bodyStart: number): number {
  const head = text.slice(0, bodyStart);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return bodyStart + Number(length);
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const last = text.indexOf(CHUNKS_END, bodyStart);
    return last < 0 ? -1 : last + CHUNKS_END.length;
  }
  return bodyStart;
}

export interface Asked {
  readonly status: number;
  readonly text: string;
}

/** A connection for measurements that think between two requests. */
export class Asker {
  readonly #connection: Connection;
  #reject: (error: Error) => void = () => {};

  constructor(url: string) {
    this.#connection = new Connection(url, (error) => this.#reject(error));
  }

  ask(request: string): Promise<Asked> {
    const { promise, resolve, reject } = Promise.withResolvers<Asked>();
    this.#reject = reject;
    this.#connection.send(request, (status, text) => resolve({ status, text }));
    return promise;
  }

  close(): void {
    this.#connection.close();
  }
}
