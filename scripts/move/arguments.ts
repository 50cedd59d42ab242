import { parseArgs } from "node:util";
import { defaultOrigin } from "../../src/deployments.ts";
import { isRegionCode, REGION_CODES, type RegionCode } from "../../src/domain/region.ts";
import { Trouble } from "../local/trouble.ts";

/** A region, where it is met, and the key by which its operator is known. */
export interface Place {
  readonly code: RegionCode;
  readonly url: string;
  readonly key: string;
}

export interface MoveWish {
  readonly team: string;
  readonly from: Place;
  readonly to: Place;
  readonly what: "move" | "confirm" | "undo";
  /** Where the links go by which members come in. */
  readonly invitations: string;
}

const USAGE = `npm run move-team -- <team> --from <region> --to <region> [--confirm | --undo]
    [--from-url <url>] [--to-url <url>] [--invitations <file>]
OPERATOR_KEY_<REGION> has the operator key of each; regions: ${REGION_CODES.join(" ")}`;

/**
 * Reads the words after `npm run move-team --`, and the operators' keys from the environment, where no list of
 * processes shows them.
 * @throws {Trouble} when they make no sense
 */
export function readMoveWish(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): MoveWish {
  const { values, positionals } = parse(words);
  const [team, ...more] = positionals;
  const { from, to, confirm = false, undo = false } = values;
  const isClear = team !== undefined && more.length === 0 && from !== to && !(confirm && undo);
  if (!isClear) throw new Trouble(USAGE);
  return {
    team,
    from: placeOf(from, values["from-url"], environment),
    to: placeOf(to, values["to-url"], environment),
    what: confirm ? "confirm" : undo ? "undo" : "move",
    invitations: values.invitations ?? `${team}-invitations.txt`,
  };
}

function parse(words: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        from: text,
        to: text,
        "from-url": text,
        "to-url": text,
        invitations: text,
        confirm: flag,
        undo: flag,
      },
    });
  } catch {
    throw new Trouble(USAGE);
  }
}

function placeOf(
  code: string | undefined,
  url: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Place {
  if (code === undefined || !isRegionCode(code)) throw new Trouble(USAGE);
  if (url !== undefined && !URL.canParse(url)) throw new Trouble(`${url} is no URL.`);
  const name = `OPERATOR_KEY_${code.toUpperCase()}`;
  const key = environment[name];
  if (!key) throw new Trouble(`The environment has no ${name}.`);
  return { code, url: url === undefined ? defaultOrigin(code) : new URL(url).origin, key };
}
