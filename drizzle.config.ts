import type { Config } from "drizzle-kit";

export default {
  dialect: "sqlite",
  casing: "snake_case",
  schema: "./src/store/schema.ts",
  out: "./drizzle",
} satisfies Config;
