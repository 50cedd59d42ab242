/** What the benchmark's Workers use of D1: the platform's own types would redeclare globals of Node. */
export interface Statement {
  bind(...values: unknown[]): Statement;
  run(): Promise<unknown>;
  first(): Promise<unknown>;
}

export interface Database {
  prepare(text: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}
