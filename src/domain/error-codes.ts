/**
 * Every error code that an answer outside OAuth can carry, with its HTTP statuses (contract, sections 4
 * and 7). The `COM`, `LOC`, `SDE`, `CMD`, `APP`, `FIL` and `PAY` codes come from seed 002, whose clients
 * know them; `COM00020` is spelt as it is there.
 */
export const ERROR_CODES = {
  COM0001: [405],
  COM0002: [429],
  COM0003: [400],
  COM0004: [500, 503],
  COM0005: [400],
  COM0006: [400],
  COM0007: [412],
  COM0008: [404],
  COM0009: [422],
  COM0010: [409],
  COM0011: [422],
  COM0012: [400],
  COM0013: [401],
  COM0014: [400, 406, 413, 415, 421],
  COM0015: [412],
  COM0021: [400],
  COM00020: [400],
  LOC0001: [412],
  SDE0003: [412],
  CMD0001: [412],
  CMD0002: [412],
  APP0001: [400],
  APP0002: [412],
  FIL0001: [400],
  PAY0001: [400],
  PAY0002: [400],
  PAY0004: [400],
  TOK0001: [403],
  TOK0002: [403],
  TOK0003: [401],
  TOK0004: [401],
  TOK0005: [401],
  TOK0006: [403],
  TOK0007: [403],
  TOK0008: [403],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A code with one of the statuses that the table gives it; any other pair does not compile. */
export type CodedStatus = {
  [C in ErrorCode]: { readonly status: (typeof ERROR_CODES)[C][number]; readonly code: C };
}[ErrorCode];
