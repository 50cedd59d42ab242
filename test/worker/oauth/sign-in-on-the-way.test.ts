import { expect, test } from "vitest";
import { makeTeam, unique } from "../support.ts";
import { storeClient } from "./support.ts";
import { expectConsent, expectReturn, expectSignIn, linkOf, visitor } from "./visitor.ts";

const PASSWORD = "a long enough password of nobody";

async function signInBy(next: string): Promise<Response> {
  return visitor(null).get(`/signin?${new URLSearchParams({ next }).toString()}`);
}

test("a browser that signs in on the way comes back to the request, and is not held back by the sign-in page", async () => {
  const email = `${unique("owner")}@example.com`;
  const team = await makeTeam({ owner: { email, password: PASSWORD } });
  const client = await storeClient("server", { team_id: team.id });
  const next = expectSignIn(await visitor(null).get(linkOf(client)));
  const page = await signInBy(next);
  // Chromium holds `form-action` against every redirect that follows: a consent that is remembered leads on
  // to the application without a stop.
  expect(page.headers.get("Content-Security-Policy")).not.toContain("form-action");
  expect(page.headers.get("Content-Security-Policy")).toContain("frame-ancestors 'none'");
  expect((await signInBy("/console")).headers.get("Content-Security-Policy")).toContain(
    "form-action 'self';",
  );

  const signedIn = await visitor(null).post("/signin", { email, password: PASSWORD, next });
  expect([signedIn.status, signedIn.headers.get("Location")]).toEqual([303, next]);
  const Cookie = (signedIn.headers.get("Set-Cookie") ?? "").split(";", 1)[0] ?? "";
  const by = visitor({ headers: { Cookie } });
  const { action, fields } = await expectConsent(await by.get(next));
  expectReturn(await by.post(action, { ...fields, decision: "accept" }));
  const wrong = await visitor(null).post("/signin", { email, password: "wrong", next });
  expect([wrong.status, wrong.headers.get("Content-Security-Policy")]).toEqual([
    401,
    expect.not.stringContaining("form-action") as unknown,
  ]);
});
