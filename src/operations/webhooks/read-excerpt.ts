/*
 * The beginning of what a receiver answered, for the people who look for what is wrong with it. It is a
 * stranger's text: little of it is read, nothing in it is obeyed, and what is no text is not kept.
 */

const MAX_BYTES = 4_096;
const MAX_CHARACTERS = 500;

/** The status is what counts; a body that does not come is not waited for. */
const READ_MS = 2_000;

/** Types that people can read. */
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml)\b)/i;

/** Null when the answer has no text, or none that comes in time. Never throws. */
export async function readExcerpt({ headers, body }: Response): Promise<string | null> {
  if (body === null) return null;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const tooLate = AbortSignal.timeout(READ_MS);
  const cancel = (): void => {
    reader.cancel().catch(() => undefined);
  };
  tooLate.addEventListener("abort", cancel);
  try {
    if (!TEXT.test(headers.get("Content-Type") ?? "")) return null;
    return clean(await readBeginning(reader));
  } catch {
    return null;
  } finally {
    tooLate.removeEventListener("abort", cancel);
    cancel();
  }
}

async function readBeginning(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  // Bytes that are no UTF-8 become replacement characters: another encoding is readable in part.
  const decoder = new TextDecoder();
  let text = "";
  for (let length = 0; length < MAX_BYTES;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value.subarray(0, MAX_BYTES - length), { stream: true });
    length += value.byteLength;
  }
  return text;
}

/** One line of it: no control characters, nor those that turn the direction of text. */
function clean(text: string): string | null {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\s]+/gu, " ").trim();
  return line === "" ? null : Array.from(line).slice(0, MAX_CHARACTERS).join("");
}
