import type { Catalogue } from "../domain/catalogue.ts";
import { indexCatalogues, type PermissionIndex } from "../domain/permission.ts";
import { emm } from "./emm.ts";
import { enterpriseCommunications } from "./enterprise-communications.ts";
import { mdmOnDemand } from "./mdm-on-demand.ts";

/** The catalogues that every deployment has; a new one is a data file and a line here. */
export const builtInCatalogues: readonly Catalogue[] = [emm, mdmOnDemand, enterpriseCommunications];

export const builtInIndex: PermissionIndex = indexCatalogues(builtInCatalogues);
