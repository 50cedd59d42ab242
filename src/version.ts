import manifest from "../package.json" with { type: "json" };

/** The release that this is; `package.json` says it once. */
export const VERSION = manifest.version;
