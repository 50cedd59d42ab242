/** What a settings file of tables can hold, as far as `wrangler.toml` has it. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | TomlTable;

export interface TomlTable {
  readonly [key: string]: TomlValue;
}

/**
 * Writes a table under its full name, its own values before the tables in it, as TOML wants them. A list of
 * tables becomes a `[[table]]` for each, any other list stays on one line.
 */
export function writeTable(name: string, table: TomlTable): string {
  const { own, inner } = writeParts(name, table);
  // A table of nothing but tables needs no line of its own.
  const head = own === "" && inner.length > 0 ? [] : [`[${name}]\n${own}`];
  return [...head, ...inner].join("\n");
}

function writeParts(name: string, table: TomlTable): { readonly own: string; readonly inner: string[] } {
  const own: string[] = [];
  const inner: string[] = [];
  for (const [key, value] of Object.entries(table)) {
    const full = `${name}.${writeKey(key)}`;
    if (isTableList(value)) inner.push(...value.map((each) => writeItem(full, each)));
    else if (isTable(value)) inner.push(writeTable(full, value));
    else own.push(`${writeKey(key)} = ${writeValue(value)}\n`);
  }
  return { own: own.join(""), inner };
}

function writeItem(name: string, table: TomlTable): string {
  const { own, inner } = writeParts(name, table);
  return [`[[${name}]]\n${own}`, ...inner].join("\n");
}

function writeKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
}

function writeValue(value: TomlValue): string {
  if (isList(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (isTable(value)) {
    const pairs = Object.entries(value).map(([key, each]) => `${writeKey(key)} = ${writeValue(each)}`);
    return `{ ${pairs.join(", ")} }`;
  }
  // JSON's escapes are TOML's.
  return JSON.stringify(value);
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === "object" && !isList(value);
}

function isTableList(value: TomlValue): value is readonly TomlTable[] {
  return isList(value) && value.length > 0 && value.every(isTable);
}
