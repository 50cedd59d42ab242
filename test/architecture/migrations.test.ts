import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { destructiveMigrations, destructiveStatements } from "../../scripts/check/migrations.ts";

describe("a migration that loses data is refused", () => {
  test.each([
    ["DROP TABLE `teams`;", "DROP TABLE"],
    ["drop  table if exists teams;", "DROP TABLE"],
    ["DROP\n\tTABLE teams;", "DROP TABLE"],
    ["DROP /* only once */ TABLE teams;", "DROP TABLE"],
    ["DROP -- old\nTABLE teams;", "DROP TABLE"],
    ["CREATE TABLE `__new_teams` (`id` text);", "__new_"],
    ["CREATE TABLE `__NEW_teams` (`id` text);", "__new_"],
    [
      "FOREIGN KEY (`team`) REFERENCES `teams`(`id`) ON UPDATE no action ON DELETE cascade",
      "ON DELETE CASCADE",
    ],
    ["... on\ndelete\ncascade", "ON DELETE CASCADE"],
  ])("%j", (sql, name) => {
    expect(destructiveStatements(sql)).toEqual([name]);
  });

  test("a whole table rebuild is refused for each of its statements", () => {
    const rebuild = "CREATE TABLE `__new_a` (x);\nDROP TABLE `a`;\nALTER TABLE `__new_a` RENAME TO `a`;";
    expect(destructiveStatements(rebuild)).toEqual(["DROP TABLE", "__new_"]);
  });
});

test("a migration that adds passes, whatever its comments speak of", () => {
  const sql = [
    "-- unlike DROP TABLE, this keeps every row",
    "CREATE TABLE `drops` (`tables` text REFERENCES teams(id) ON DELETE no action);",
    "ALTER TABLE `teams` ADD `renewed_at` integer;",
    "DROP INDEX `teams_slug`;",
  ].join("\n");
  expect(destructiveStatements(sql)).toEqual([]);
});

test("the offending file is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "migrations-"));
  try {
    writeFileSync(join(folder, "0000_first.sql"), "CREATE TABLE a (x);");
    writeFileSync(join(folder, "0001_second.sql"), "DROP TABLE a;");
    const file = join(basename(folder), "0001_second.sql");
    expect(destructiveMigrations(folder)).toEqual([`${file}: DROP TABLE loses data`]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
