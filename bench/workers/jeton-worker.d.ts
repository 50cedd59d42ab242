/** The built Worker, as far as the benchmark calls it. */
declare module "jeton-worker" {
  const worker: {
    fetch(request: Request, env: unknown, context: unknown): Response | Promise<Response>;
  };
  export default worker;
}
