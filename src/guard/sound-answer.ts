import type { CheckAnswer, CheckError } from "./authority.ts";

/**
 * Whether this is an answer of Jeton's. Whatever else sits at its address, a login page or a proxy with an
 * opinion of its own, must not open a door, nor be passed off as a verdict.
 */
export function isCheckAnswer(value: unknown): value is CheckAnswer {
  if (!isObject(value) || typeof value["allowed"] !== "boolean") return false;
  const { allowed, token, error } = value;
  return allowed
    ? isObject(token) && typeof token["id"] === "string" && typeof token["team"] === "string"
    : isErrorBody(error) && "status" in error && isRefusalStatus(error["status"]);
}

/** Whether this is an error of Jeton's (contract, section 7). */
export function isErrorBody(value: unknown): value is Omit<CheckError, "status"> {
  return (
    isObject(value) &&
    typeof value["error_code"] === "string" &&
    typeof value["error_description"] === "string" &&
    typeof value["localized_error_description"] === "string"
  );
}

function isRefusalStatus(status: unknown): boolean {
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
