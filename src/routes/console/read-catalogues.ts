import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { inWords } from "./catalogue-texts.ts";
import type { ShownCatalogue } from "./permission-tree.tsx";
import type { Visit } from "./visit.ts";

/** Every service with its permissions, for the tree and its summary. */
export async function readCatalogues({
  api,
  words,
}: Pick<Visit, "api" | "words">): Promise<Result<readonly ShownCatalogue[], Refusal>> {
  const listed = await api.get("Catalogues", "/v1/catalogues");
  return listed.ok ? ok(listed.value.body.catalogues.map((each) => inWords(each, words))) : err(listed.error);
}
