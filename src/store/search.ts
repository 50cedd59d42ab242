import { sql, type AnyColumn, type SQL } from "drizzle-orm";

/** Whether a column holds a text, in any case of ASCII letters; the text's own `%` and `_` are just characters. */
export function contains(column: AnyColumn, text: string): SQL {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`;
  return sql`${column} LIKE ${pattern} ESCAPE '\\'`;
}
