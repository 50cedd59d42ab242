/**
 * Jeton's own built Worker, unchanged, with its bindings wrapped so that what crosses them is counted.
 * `jeton-worker` is the built script: the build replaces the name.
 */
import worker from "jeton-worker";
import type { Database, Statement } from "./bindings.ts";

/** Its Durable Objects, whichever they are. */
export * from "jeton-worker";

type Call = (...values: unknown[]) => unknown;
type Namespace = Readonly<Record<string, Call>>;

interface Env {
  readonly DB: Database;
  readonly LIMITER: Namespace;
}

const counts = { databaseReads: 0, databaseWrites: 0, limiterCalls: 0 };

/** A wrapped statement's own one, and its text, which tells a batch what it is. */
const originals = new WeakMap<object, { readonly statement: Statement; readonly text: string }>();

/** A batch is one round trip; it is a read when all of it is. */
function countTrip(statements: readonly object[]): void {
  const reads = statements.every((statement) => /^\s*select\b/i.test(originals.get(statement)?.text ?? ""));
  if (reads) counts.databaseReads += 1;
  else counts.databaseWrites += 1;
}

function countStatement(statement: Statement, text: string): Statement {
  const counted = new Proxy(statement, {
    get: (_, name) => {
      if (name === "bind") return (...values: unknown[]) => countStatement(statement.bind(...values), text);
      const call = Reflect.get(statement, name) as Call;
      return (...values: unknown[]) => {
        countTrip([counted]);
        return call.apply(statement, values);
      };
    },
  });
  originals.set(counted, { statement, text });
  return counted;
}

/** A database, or a session of it. */
function countDatabase(database: Database): Database {
  return new Proxy(database, {
    get: (_, name) => {
      if (name === "prepare") return (text: string) => countStatement(database.prepare(text), text);
      if (name === "batch") {
        return (statements: Statement[]) => {
          countTrip(statements);
          return database.batch(statements.map((each) => originals.get(each)?.statement ?? each));
        };
      }
      const call = Reflect.get(database, name) as Call;
      return (...values: unknown[]) => {
        const answer = call.apply(database, values);
        return name === "withSession" ? countDatabase(answer as Database) : answer;
      };
    },
  });
}

function countLimiters(namespace: Namespace): Namespace {
  return new Proxy(namespace, {
    get: (_, name: string) => {
      // What is remote has no `apply` of its own: it can only be called where it is.
      if (name !== "get" && name !== "getByName")
        return (...values: unknown[]) => namespace[name]?.(...values);
      return (...values: unknown[]) => {
        const stub = namespace[name]?.(...values) as Namespace;
        return new Proxy(stub, {
          get:
            (_stub, method: string) =>
            (...args: unknown[]) => {
              counts.limiterCalls += 1;
              return stub[method]?.(...args);
            },
        });
      };
    },
  });
}

let wrapped: Env | null = null;

export default {
  fetch(request: Request, env: Env, context: unknown): Response | Promise<Response> {
    if (new URL(request.url).pathname === "/bench/counts") return Response.json(counts);
    wrapped ??= { ...env, DB: countDatabase(env.DB), LIMITER: countLimiters(env.LIMITER) };
    return worker.fetch(request, wrapped, context);
  },
};
