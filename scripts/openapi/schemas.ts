import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";

export type Json = { readonly [member: string]: unknown };

/** A request's body: what is not described is refused. */
export function bodySchema(schema: GenericSchema): Json {
  // What only code can test is said in the schema's description.
  const { $schema: _dialect, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    errorMode: "ignore",
  });
  return converted;
}

/** An answer's body: a client must take members that a later version adds. */
export function answerSchema(schema: GenericSchema): Json {
  return JSON.parse(JSON.stringify(bodySchema(schema)), (_key, value: unknown) =>
    isClosed(value) ? opened(value) : value,
  ) as Json;
}

function isClosed(value: unknown): value is Json & { additionalProperties: false } {
  return (
    typeof value === "object" &&
    value !== null &&
    "additionalProperties" in value &&
    value.additionalProperties === false
  );
}

function opened({ additionalProperties: _closed, ...rest }: Json): Json {
  return rest;
}
