/*
 * The rules of OpenAPI 3.1.1 and JSON Schema 2020-12 that a document of this kind can break, each with the
 * place where it is broken.
 */

export type Node = { readonly [member: string]: Node };

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const COMPONENT_NAME = /^[\w.-]+$/;
const SCHEMA_TYPES: readonly unknown[] = [
  "object",
  "array",
  "string",
  "number",
  "integer",
  "boolean",
  "null",
];
const SCHEMA_KEYWORDS = new Set(
  (
    "$ref type properties required additionalProperties propertyNames items anyOf const enum description default " +
    "format pattern minLength maxLength minimum maximum minItems maxItems"
  ).split(" "),
);

/** An operation, with where it stands. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operation: Node;
}

export function operationsOf(document: Node): Operation[] {
  return Object.entries(document["paths"] ?? {}).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** What the document says is sent to others, by the type of the event. */
export function webhooksOf(document: Node): Operation[] {
  return Object.entries(document["webhooks"] ?? {}).flatMap(([type, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path: type, operation })),
  );
}

/** What a reference names, or the node itself. */
export function resolve(document: Node, node: Node): Node | undefined {
  const ref: unknown = node["$ref"];
  if (typeof ref !== "string") return node;
  if (!ref.startsWith("#/")) return undefined;
  let found: Node | undefined = document;
  for (const part of ref.slice(2).split("/")) {
    if (found === undefined || !Object.hasOwn(found, part)) return undefined;
    found = found[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found;
}

/** Everything that is wrong with a document, one line each. */
export function problemsOf(document: Node): string[] {
  return [
    ...headProblems(document),
    ...refProblems(document),
    ...componentProblems(document),
    ...pathProblems(document),
    ...[...operationsOf(document), ...webhooksOf(document)].flatMap((operation) =>
      operationProblems(document, operation),
    ),
  ];
}

function headProblems({ openapi, info, servers, paths }: Node): string[] {
  const problems: string[] = [];
  if (!/^3\.1\.\d+$/.test(text(openapi))) problems.push("openapi: not a version of 3.1");
  for (const member of ["title", "version"]) {
    if (typeof info?.[member] !== "string") problems.push(`info.${member}: missing`);
  }
  const license = info?.["license"];
  if (license !== undefined && ("name" in license ? "url" in license && "identifier" in license : true)) {
    problems.push("info.license: needs a name, and one of url and identifier at most");
  }
  for (const { url } of list(servers)) {
    if (!URL.canParse(text(url))) problems.push(`servers: ${text(url)} is no URL`);
  }
  if (paths === undefined) problems.push("paths: missing");
  return problems;
}

function refProblems(document: Node): string[] {
  const problems: string[] = [];
  walk(document, (node, at) => {
    if (typeof node["$ref"] === "string" && resolve(document, node) === undefined) {
      problems.push(`${at}: ${text(node["$ref"])} is not there`);
    }
  });
  return problems;
}

function componentProblems({ components = {} }: Node): string[] {
  const problems: string[] = [];
  for (const [kind, named] of Object.entries(components)) {
    for (const name of Object.keys(named)) {
      if (!COMPONENT_NAME.test(name)) problems.push(`components.${kind}: ${name} is no name`);
    }
  }
  for (const [name, schema] of Object.entries(components["schemas"] ?? {})) {
    problems.push(...schemaProblems(schema, `components.schemas.${name}`));
  }
  for (const [name, response] of Object.entries(components["responses"] ?? {})) {
    if (typeof response["description"] !== "string")
      problems.push(`components.responses.${name}: no description`);
  }
  for (const [name, scheme] of Object.entries(components["securitySchemes"] ?? {})) {
    const type: unknown = scheme["type"];
    const complete = type === "http" ? "scheme" in scheme : "name" in scheme && "in" in scheme;
    if (!complete) problems.push(`components.securitySchemes.${name}: incomplete`);
  }
  return problems;
}

function pathProblems({ paths = {} }: Node): string[] {
  const problems: string[] = [];
  const templates = new Set<string>();
  for (const [path, item] of Object.entries(paths)) {
    if (!path.startsWith("/")) problems.push(`${path}: no slash in front`);
    const template = path.replaceAll(/\{\w+\}/g, "{}");
    if (templates.has(template)) problems.push(`${path}: another path matches the same`);
    templates.add(template);
    for (const method of Object.keys(item)) {
      if (!METHODS.includes(method)) problems.push(`${path}: ${method} is no method`);
    }
  }
  return problems;
}

function operationProblems(document: Node, { method, path, operation }: Operation): string[] {
  const at = `${method} ${path}`;
  const problems: string[] = [];
  const { tags, security, requestBody, responses = {} } = operation;
  const known = list(document["tags"]).map(({ name }) => name);
  for (const tag of list(tags)) {
    if (!known.includes(tag)) problems.push(`${at}: the tag ${text(tag)} is not declared`);
  }
  const schemes = Object.keys(document["components"]?.["securitySchemes"] ?? {});
  for (const name of list(security).flatMap((requirement) => Object.keys(requirement))) {
    if (!schemes.includes(name)) problems.push(`${at}: there is no security scheme ${name}`);
  }
  if (requestBody !== undefined) {
    if (method === "get" || method === "delete") problems.push(`${at}: a body has no meaning`);
    problems.push(...contentProblems(requestBody, at));
  }
  if (!Object.keys(responses).some((status) => /^2(?:\d\d|XX)$/.test(status)))
    problems.push(`${at}: no success`);
  for (const [status, response] of Object.entries(responses)) {
    if (!/^(?:[1-5](?:\d\d|XX)|default)$/.test(status)) problems.push(`${at}: ${status} is no status`);
    const described = resolve(document, response);
    if (typeof described?.["description"] !== "string") problems.push(`${at} ${status}: no description`);
    problems.push(...contentProblems(described ?? {}, `${at} ${status}`));
  }
  return [...problems, ...parameterProblems(document, { method, path, operation })];
}

function parameterProblems(document: Node, { method, path, operation }: Operation): string[] {
  const at = `${method} ${path}`;
  const parameters = list(operation["parameters"]).map((parameter) => resolve(document, parameter) ?? {});
  const inPath = parameters.filter((parameter) => is(parameter["in"], "path"));
  const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const problems: string[] = [];
  if (named.join() !== inPath.map(({ name }) => text(name)).join()) {
    problems.push(`${at}: the path's parameters are not those that are described`);
  }
  const seen = new Set<string>();
  for (const { name, in: place, required, schema } of parameters) {
    const key = `${text(place)} ${text(name)}`;
    if (seen.has(key)) problems.push(`${at}: ${key} is described twice`);
    seen.add(key);
    if (!["path", "query", "header", "cookie"].includes(text(place)))
      problems.push(`${at}: ${key} is nowhere`);
    if (is(place, "path") && !is(required, true)) problems.push(`${at}: ${key} must be required`);
    // OpenAPI 3.1.1, "Parameter Object": such a definition is ignored.
    if (is(place, "header") && /^(?:accept|content-type|authorization)$/i.test(text(name))) {
      problems.push(`${at}: ${key} is ignored`);
    }
    problems.push(
      ...(schema === undefined ? [`${at}: ${key} has no schema`] : schemaProblems(schema, `${at} ${key}`)),
    );
  }
  return problems;
}

function contentProblems({ content = {} }: Node, at: string): string[] {
  return Object.entries(content).flatMap(([type, { schema }]) =>
    schema === undefined ? [`${at}: ${type} has no schema`] : schemaProblems(schema, at),
  );
}

/** A schema that says nothing is a mistake here, but for members that may be anything. */
function schemaProblems(schema: Node, at: string): string[] {
  const problems = Object.keys(schema)
    .filter((keyword) => !SCHEMA_KEYWORDS.has(keyword))
    .map((keyword) => `${at}: ${keyword} is no keyword`);
  const {
    type,
    properties = {},
    required,
    items,
    anyOf,
    pattern,
    additionalProperties,
    propertyNames,
  } = schema;
  if (!["type", "anyOf", "const", "enum", "$ref"].some((keyword) => keyword in schema)) {
    problems.push(`${at}: anything goes`);
  }
  if (type !== undefined && !SCHEMA_TYPES.includes(type)) problems.push(`${at}: ${text(type)} is no type`);
  if (is(type, "array") && items === undefined) problems.push(`${at}: an array of what?`);
  if (pattern !== undefined && !isPattern(text(pattern))) problems.push(`${at}: a pattern that is none`);
  for (const name of list(required)) {
    if (!Object.hasOwn(properties, text(name)))
      problems.push(`${at}: ${text(name)} is required and not described`);
  }
  const inner: [string, Node][] = [
    ...Object.entries(properties),
    ...list(anyOf).map((option, index): [string, Node] => [text(index), option]),
  ];
  for (const [name, further] of [
    ["items", items],
    ["names", propertyNames],
  ] as const) {
    if (further !== undefined) inner.push([name, further]);
  }
  if (additionalProperties !== undefined && Object.keys(additionalProperties).length > 0) {
    inner.push(["*", additionalProperties]);
  }
  return [...problems, ...inner.flatMap(([name, member]) => schemaProblems(member, `${at}.${name}`))];
}

function walk(node: Node, visit: (node: Node, at: string) => void, at = "#"): void {
  if (typeof node !== "object" || node === null) return;
  visit(node, at);
  for (const [name, member] of Object.entries(node)) walk(member, visit, `${at}/${name}`);
}

/** Leaves are typed as nodes, since which they are is what is tested. */
function is(node: unknown, value: unknown): boolean {
  return node === value;
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

/** A leaf as text. */
export function text(node: unknown): string {
  return typeof node === "string" ? node : (JSON.stringify(node) ?? "");
}

function list(node: Node | undefined): readonly Node[] {
  return Array.isArray(node) ? (node as readonly Node[]) : [];
}
