import type { Catalogue, Operation, Resource } from "./catalogue.ts";
import { indexCatalogues, missingPermissions, namedBy, type PermissionIndex } from "./permission.ts";
import type { Noun, Refusal } from "./refusal.ts";
import { err, ok, type Result } from "./result.ts";

const SERVICE_OR_RESOURCE = /^[A-Z][A-Za-z0-9]{0,39}$/;
const OPERATION = /^[A-Z][A-Z0-9_]{0,39}$/;
const PERMISSION_SET = /^[a-z][a-z0-9-]{0,59}$/;
/** `Service.Resource.ALL` is a way of writing a list, so no operation may have its name. */
const ALL = "ALL";

/**
 * Tests a catalogue before it is taken: names, and that all it refers to exists.
 *
 * @param others the index of every other catalogue; an earlier version of this one is not in it
 * @returns the catalogue; or the first problem: `invalid_member` (a name that breaks the grammar or
 * comes twice), `already_exists` (a service or permission set of another catalogue), or
 * `unknown_permission`, each with the member's path in the words of `PUT /v1/catalogues/{service}`
 */
export function validateCatalogue(candidate: Catalogue, others: PermissionIndex): Result<Catalogue, Refusal> {
  const problem = problemOfNames(candidate, others) ?? problemOfReferences(candidate, others);
  return problem === undefined ? ok(candidate) : err(problem);
}

/** The permissions that a catalogue had and its next version lacks, sorted: it may gain, and lose none. */
export function lostPermissions(before: Catalogue, after: Catalogue): string[] {
  return missingPermissions(permissionsOf(after), permissionsOf(before));
}

function permissionsOf(catalogue: Catalogue): readonly string[] {
  return [...indexCatalogues([catalogue]).permissions.keys()];
}

function problemOfNames(candidate: Catalogue, others: PermissionIndex): Refusal | undefined {
  if (!SERVICE_OR_RESOURCE.test(candidate.service)) return invalid("service");
  if (others.catalogues.has(candidate.service)) return taken("catalogue", "service");
  return (
    problemOfList("resources", candidate.resources, isResourceName) ??
    firstOf(candidate.resources, (resource, place) =>
      problemOfList(`resources[${place}].operations`, resource.operations, isOperationName),
    ) ??
    problemOfList("permission_sets", candidate.permissionSets, isPermissionSetName) ??
    firstOf(candidate.permissionSets, ({ name }, place) =>
      others.permissionSets.has(name) ? taken("permission_set", `permission_sets[${place}].name`) : undefined,
    )
  );
}

function problemOfList(
  member: string,
  list: readonly { readonly name: string }[],
  isName: (name: string) => boolean,
): Refusal | undefined {
  const seen = new Set<string>();
  return firstOf(list, ({ name }, place) => {
    if (!isName(name) || seen.has(name)) return invalid(`${member}[${place}].name`);
    seen.add(name);
    return undefined;
  });
}

function problemOfReferences(candidate: Catalogue, others: PermissionIndex): Refusal | undefined {
  const own = indexCatalogues([candidate]);
  const isExact = (text: string) => own.permissions.has(text) || others.permissions.has(text);
  const isWritten = (text: string) => (namedBy(own, text) ?? namedBy(others, text)) !== undefined;

  const ofOperation = (operation: Operation, member: string) =>
    firstUnknown(`${member}.requires`, operation.requires, isExact) ??
    firstUnknown(`${member}.implies`, operation.implies, isExact);
  const ofResource = (resource: Resource, member: string) =>
    firstOf(resource.operations, (operation, place) =>
      ofOperation(operation, `${member}.operations[${place}]`),
    );

  return (
    firstOf(candidate.resources, (resource, place) => ofResource(resource, `resources[${place}]`)) ??
    firstOf(candidate.permissionSets, (set, place) =>
      firstUnknown(`permission_sets[${place}].permissions`, set.permissions, isWritten),
    )
  );
}

function firstUnknown(
  member: string,
  permissions: readonly string[],
  isKnown: (text: string) => boolean,
): Refusal | undefined {
  const place = permissions.findIndex((text) => !isKnown(text));
  return place < 0 ? undefined : { kind: "unknown_permission", member: `${member}[${place}]` };
}

function firstOf<T>(
  list: readonly T[],
  problemOf: (item: T, place: number) => Refusal | undefined,
): Refusal | undefined {
  for (const [place, item] of list.entries()) {
    const problem = problemOf(item, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isResourceName(name: string): boolean {
  return SERVICE_OR_RESOURCE.test(name);
}

function isOperationName(name: string): boolean {
  return name !== ALL && OPERATION.test(name);
}

function isPermissionSetName(name: string): boolean {
  return PERMISSION_SET.test(name);
}

function invalid(member: string): Refusal {
  return { kind: "invalid_member", member, problem: "invalid" };
}

function taken(noun: Noun, member: string): Refusal {
  return { kind: "already_exists", noun, member };
}
