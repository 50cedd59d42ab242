import { globSync } from "node:fs";
import { dirname } from "node:path";
import { failed, passed, type Outcome } from "./outcome.ts";
import { ROOT, runTool } from "./tool.ts";

/** Every project that has a `tsconfig.json`: a new one is checked without being listed anywhere. */
export function findProjects(root = ROOT): string[] {
  return globSync("**/tsconfig.json", { cwd: root, exclude: ["**/node_modules"] })
    .map((path) => dirname(path))
    .sort();
}

export async function checkTypes(): Promise<Outcome> {
  const projects = findProjects();
  let problems = "";
  for (const project of projects) {
    const { code, output } = await runTool("tsc", ["--pretty", "false", "--project", project]);
    if (code !== 0) problems += output;
  }
  return problems === "" ? passed(`${projects.length} projects`) : failed(problems);
}
