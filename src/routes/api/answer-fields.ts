import * as v from "valibot";

/* What several files of answer schemas share; like those, of no use at run time. */

export const time = v.pipe(v.string(), v.isoTimestamp());

export const nextCursor = v.nullable(v.string());
