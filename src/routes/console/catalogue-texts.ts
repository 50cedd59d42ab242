import type { ShownCatalogue } from "./permission-tree.tsx";
import type { Words } from "./words/index.ts";

/**
 * A catalogue in the reader's language. Only those that every deployment has are translated: what an API owner
 * registered is in their own words.
 */
export function inWords(catalogue: ShownCatalogue, words: Words): ShownCatalogue {
  const { service, resources, permission_sets: sets } = catalogue;
  return {
    ...catalogue,
    description: textOf(words, service, catalogue.description),
    resources: resources.map((resource) => ({
      ...resource,
      description: textOf(words, `${service}.${resource.name}`, resource.description),
      operations: resource.operations.map((operation) => ({
        ...operation,
        description: textOf(words, `${service}.${resource.name}.${operation.name}`, operation.description),
      })),
    })),
    permission_sets: sets.map((set) => ({ ...set, description: textOf(words, set.name, set.description) })),
  };
}

/** @param path a service, `Service.Resource`, a permission, or the name of a permission set */
export function textOf({ catalogues }: Words, path: string, otherwise: string): string {
  return catalogues[path] ?? otherwise;
}
