import { beforeAll, describe, expect, test } from "vitest";
import { builtInCatalogues } from "../../../../src/catalogues/index.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  rows,
  startWorker,
  storeWith,
} from "../../support.ts";

const clock = driveClock();
const BOUND_MS = 1_000;

let team = "";
let key = "";
beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
});

interface Operation {
  readonly name: string;
  readonly description: string;
  readonly strict?: boolean;
  readonly requires?: readonly string[];
  readonly implies?: readonly string[];
}

function operation(name: string, more: Partial<Operation> = {}): Operation {
  return { name, description: `Do ${name}.`, ...more };
}

function catalogueOf(operations: readonly Operation[], more: object = {}) {
  return {
    description: "Orders.",
    resources: [{ name: "Orders", description: "Orders.", operations }],
    ...more,
  };
}

let serial = 0;
function uniqueName(): string {
  serial += 1;
  return `Acme${serial}`;
}

function put(service: string, body: object) {
  return call("PUT", `/v1/catalogues/${service}`, { body });
}

async function operationsOf(service: string): Promise<string[]> {
  const { catalogue } = expectAnswer(await call("GET", `/v1/catalogues/${service}`), 200, "Catalogue");
  return catalogue.resources.flatMap(({ operations }) => operations.map(({ name }) => name));
}

describe("the catalogues", () => {
  test("are anyone's to read: the three that are built in, whole", async () => {
    const listed = expectAnswer(await call("GET", "/v1/catalogues", { as: null }), 200, "Catalogues");
    expect(listed.catalogues.map(({ service }) => service)).toEqual(
      expect.arrayContaining(["EMM", "EnterpriseCommunications", "MDMOnDemand"]),
    );
    for (const { service, resources } of builtInCatalogues) {
      const shown = await call("GET", `/v1/catalogues/${service}`, { as: null });
      expect(expectAnswer(shown, 200, "Catalogue").catalogue).toMatchObject({ service, resources });
    }
  });

  test.each(["Nope", "emm", "constructor", "__proto__", "%00"])("%s is 404", async (service) => {
    expectRefusal(await call("GET", `/v1/catalogues/${service}`, { as: null }), 404, "COM0008");
  });

  test("are the operator's to define", async () => {
    const { token } = await issue(team, { permission_sets: ["emm-full"] });
    const body = catalogueOf([operation("READ")]);
    for (const [as, status] of [
      [null, 401],
      [token, 403],
      [key, 401],
    ] as const) {
      expect((await call("PUT", `/v1/catalogues/${uniqueName()}`, { as, body })).status).toBe(status);
    }
  });
});

describe("a catalogue of the operator's", () => {
  test("is 201 when it is new and 200 when it grows, and comes back with its defaults filled in", async () => {
    const name = uniqueName();
    const first = expectAnswer(await put(name, catalogueOf([operation("READ")])), 201, "Catalogue");
    expect(first.catalogue).toEqual({
      service: name,
      description: "Orders.",
      resources: [
        {
          name: "Orders",
          description: "Orders.",
          graded: false,
          operations: [{ name: "READ", description: "Do READ.", strict: false, requires: [], implies: [] }],
        },
      ],
      permission_sets: [],
    });
    expectAnswer(await put(name, catalogueOf([operation("READ"), operation("WRITE")])), 200, "Catalogue");
    expect(await operationsOf(name)).toEqual(["READ", "WRITE"]);
  });

  test("works when a token is issued: grades, requires, implies, ALL and sets", async () => {
    const name = uniqueName();
    const orders = {
      name: "Orders",
      description: "x",
      graded: true,
      operations: [
        operation("VIEW"),
        operation("EDIT", { implies: [`${name}.Stock.SEE`] }),
        operation("DROP"),
      ],
    };
    const stock = {
      name: "Stock",
      description: "x",
      operations: [operation("SEE"), operation("COUNT", { requires: [`${name}.Orders.VIEW`] })],
    };
    const permission_sets = [
      {
        name: `${name.toLowerCase()}-all`,
        description: "x",
        permissions: [`${name}.Orders.ALL`, `${name}.Stock.ALL`],
      },
    ];
    expectAnswer(
      await put(name, { description: "x", resources: [orders, stock], permission_sets }),
      201,
      "Catalogue",
    );

    const grade = await issue(team, { permissions: [`${name}.Orders.EDIT`] });
    expect(grade.access_token.permissions).toEqual([
      `${name}.Orders.EDIT`,
      `${name}.Orders.VIEW`,
      `${name}.Stock.SEE`,
    ]);
    const path = `/v1/teams/${team}/access-tokens`;
    const refused = await call("POST", path, { body: { name: "x", permissions: [`${name}.Stock.COUNT`] } });
    expect(expectRefusal(refused, 422, "COM0009").error_description).toContain(`${name}.Orders.VIEW`);
    const all = await issue(team, { permission_sets: [`${name.toLowerCase()}-all`] });
    expect(all.access_token.permissions).toHaveLength(5);
    expect((await check(key, { token: grade.token, permissions: [`${name}.Orders.VIEW`] })).allowed).toBe(
      true,
    );
    expect((await check(key, { token: grade.token, permissions: [`${name}.Orders.DROP`] })).reason).toBe(
      "missing_permission",
    );
  });

  test("can lose nothing: 409 that names what would go, and the catalogue stays as it was", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ"), operation("WRITE")]));
    const lost = expectRefusal(await put(name, catalogueOf([operation("READ")])), 409, "COM0010");
    expect(lost.error_description).toContain(`${name}.Orders.WRITE`);
    const renamed = {
      description: "x",
      resources: [{ name: "Order", description: "x", operations: [operation("READ")] }],
    };
    expectRefusal(await put(name, renamed), 409, "COM0010");
    expect(await operationsOf(name)).toEqual(["READ", "WRITE"]);
  });

  test("may lose a permission set, and tokens that were issued by it keep what they have", async () => {
    const name = uniqueName();
    const set = { name: `${name.toLowerCase()}-set`, description: "x", permissions: [`${name}.Orders.READ`] };
    await put(name, catalogueOf([operation("READ")], { permission_sets: [set] }));
    clock.advance(BOUND_MS);
    const { token } = await issue(team, { permission_sets: [set.name] });
    expectAnswer(await put(name, catalogueOf([operation("READ")])), 200, "Catalogue");
    clock.advance(BOUND_MS);
    expect((await check(key, { token, permissions: [`${name}.Orders.READ`] })).allowed).toBe(true);
  });

  test("gives a live token no more than it was issued with, whatever it comes to imply", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ")]));
    clock.advance(BOUND_MS);
    const { token } = await issue(team, { permissions: [`${name}.Orders.READ`] });
    await put(
      name,
      catalogueOf([operation("READ", { implies: [`${name}.Orders.WRITE`] }), operation("WRITE")]),
    );
    clock.advance(BOUND_MS);
    expect((await check(key, { token, permissions: [`${name}.Orders.WRITE`] })).reason).toBe(
      "missing_permission",
    );
  });

  test("makes a permission strict for live tokens too: their revocation then shows at once", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("ERASE")]));
    clock.advance(BOUND_MS);
    const { id, token } = await issue(team, { permissions: [`${name}.Orders.ERASE`] });
    const elsewhere = await startWorker();
    const ask = () => check(key, { token, permissions: [`${name}.Orders.ERASE`] }, { at: elsewhere });
    expect((await ask()).allowed).toBe(true);
    await put(name, catalogueOf([operation("ERASE", { strict: true })]));
    clock.advance(BOUND_MS);
    expect((await ask()).allowed).toBe(true);
    await call("DELETE", `/v1/teams/${team}/access-tokens/${id}`);
    expect((await ask()).reason).toBe("revoked_token");
  });

  test.each(["EMM", "MDMOnDemand", "EnterpriseCommunications"])(
    "cannot take the place of %s",
    async (name) => {
      expectRefusal(await put(name, catalogueOf([operation("READ")])), 409, "COM0010");
      expect(await rows("SELECT service FROM catalogues WHERE service = ?", name)).toEqual([]);
    },
  );

  test("cannot take another catalogue's permission set", async () => {
    const set = { name: "emm-full", description: "x", permissions: ["EMM.Team.VIEW"] };
    const answer = await put(uniqueName(), catalogueOf([operation("READ")], { permission_sets: [set] }));
    expect(expectRefusal(answer, 409, "COM0010").error_description).toContain("permission_sets[0].name");
  });

  test("leaves an audit event for each change", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ")]));
    await put(name, catalogueOf([operation("READ"), operation("WRITE")]));
    const events = await rows("SELECT type, actor FROM audit_events WHERE subject = ? ORDER BY rowid", name);
    expect(events).toEqual([
      { type: "catalogue.created", actor: "operator" },
      { type: "catalogue.updated", actor: "operator" },
    ]);
  });
});

describe("a catalogue that is not well formed is refused by the member that is wrong", () => {
  const read = operation("READ");
  const resource = { name: "Orders", description: "x", operations: [read] };

  test.each(["acme", "Ac me", "A".repeat(41), "1Acme", "Acme.Orders", "ACME-1", "%2e%2e"])(
    "name %s",
    async (name) => {
      expectRefusal(await put(encodeURIComponent(name), catalogueOf([read])), 400, "COM0005");
    },
  );

  test.each([
    ["description", { resources: [resource] }],
    ["resources", { description: "x" }],
    ["resources", { description: "x", resources: [] }],
    ["resources[0].name", { description: "x", resources: [{ ...resource, name: "orders" }] }],
    ["resources[1].name", { description: "x", resources: [resource, resource] }],
    ["resources[0].description", { description: "x", resources: [{ ...resource, description: "" }] }],
    ["resources[0].operations", { description: "x", resources: [{ ...resource, operations: [] }] }],
    ["resources[0].operations[0].name", catalogueOf([operation("read")])],
    ["resources[0].operations[0].name", catalogueOf([operation("ALL")])],
    ["resources[0].operations[1].name", catalogueOf([read, read])],
    [
      "resources[0].operations[0].requires[0]",
      catalogueOf([operation("READ", { requires: ["No.Such.THING"] })]),
    ],
    [
      "resources[0].operations[0].implies[1]",
      catalogueOf([operation("READ", { implies: ["EMM.Team.VIEW", "EMM.Team.ALL"] })]),
    ],
    ["resources[0].operations[0].strict", catalogueOf([{ ...read, strict: "yes" as unknown as boolean }])],
    ["resources[0].operations[0]", catalogueOf([{ ...read, level: 1 } as Operation])],
    [
      "permission_sets[0].permissions[0]",
      catalogueOf([read], { permission_sets: [{ name: "s", description: "x", permissions: ["No.Such.X"] }] }),
    ],
    [
      "permission_sets[0].name",
      catalogueOf([read], { permission_sets: [{ name: "S", description: "x", permissions: [] }] }),
    ],
    ["the body", { ...catalogueOf([read]), service: "Acme" }],
  ])("%s", async (member, body) => {
    const { error_description } = expectRefusal(await put(uniqueName(), body), 400, "COM0005");
    expect(error_description).toMatch(new RegExp(`${member.replace(/[.[\]]/g, "\\$&")}[ .]`));
  });
});

describe("parallel changes of one catalogue", () => {
  test("lose no permission that was answered for: each grows from what is there, or is told to", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ")]));
    const added = Array.from({ length: 10 }, (_, n) => `ADD_${n}`);
    const answers = await Promise.all(
      added.map((one) => put(name, catalogueOf([operation("READ"), operation(one)]))),
    );
    const there = await operationsOf(name);
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 200) expect(there).toContain(added[index]);
      else expectRefusal(answer, 409, "COM0010");
    }
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("that grow until they fit end with all ten permissions", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ")]));
    const grow = async (one: string): Promise<void> => {
      for (;;) {
        const there = await operationsOf(name);
        const wanted = [...new Set([...there, one])].map((each) => operation(each));
        const answer = await put(name, catalogueOf(wanted));
        if (answer.status === 200) return;
        expectRefusal(answer, 409, "COM0010");
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, n) => grow(`ADD_${n}`)));
    expect(await operationsOf(name)).toHaveLength(11);
  });

  test("of which one is overtaken by a larger one is answered as done, not as a loss", async () => {
    const name = uniqueName();
    await put(name, catalogueOf([operation("READ")]));
    let batches = 0;
    const DB = storeWith(async (run) => {
      const done = await run();
      batches += 1;
      // The first reads what is there, the second changes it.
      if (batches === 2)
        await put(name, catalogueOf([operation("READ"), operation("ONE"), operation("TWO")]));
      return done;
    });
    const body = catalogueOf([operation("READ"), operation("ONE")]);
    const answer = await call("PUT", `/v1/catalogues/${name}`, { body, at: await startWorker({ DB }) });
    expectAnswer(answer, 200, "Catalogue");
    expect(await operationsOf(name)).toEqual(["READ", "ONE", "TWO"]);
  });

  test("that each define it make it once", async () => {
    const name = uniqueName();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => put(name, catalogueOf([operation("READ")]))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    for (const { status } of answers) expect([200, 201]).toContain(status);
  });
});

describe("parallel changes of different catalogues", () => {
  const withSet = (name: string) =>
    catalogueOf([operation("READ")], { permission_sets: [{ name, description: "x", permissions: [] }] });

  test("give a permission set's name to one of them: 409 for the others, whose catalogues are not made", async () => {
    const set = uniqueName().toLowerCase();
    const names = Array.from({ length: 10 }, uniqueName);
    const answers = await Promise.all(names.map((name) => put(name, withSet(set))));
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect(expectRefusal(answer, 409, "COM0010").error_description).toContain("permission_sets[0].name");
    }
    const there = await rows(
      "SELECT service FROM catalogues WHERE service IN (SELECT value FROM json_each(?))",
      JSON.stringify(names),
    );
    expect(there).toHaveLength(1);
    const events = await rows(
      "SELECT id FROM audit_events WHERE subject IN (SELECT value FROM json_each(?))",
      JSON.stringify(names),
    );
    expect(events).toHaveLength(1);
  });

  test("cannot take a name between what one of them reads and what it writes", async () => {
    const set = uniqueName().toLowerCase();
    const [late, early] = [uniqueName(), uniqueName()];
    await put(late, catalogueOf([operation("READ")]));
    let batches = 0;
    const DB = storeWith(async (run) => {
      const done = await run();
      batches += 1;
      if (batches === 1) await put(early, withSet(set));
      return done;
    });
    const answer = await call("PUT", `/v1/catalogues/${late}`, {
      body: withSet(set),
      at: await startWorker({ DB }),
    });
    expectRefusal(answer, 409, "COM0010");
    const { catalogue } = expectAnswer(await call("GET", `/v1/catalogues/${late}`), 200, "Catalogue");
    expect(catalogue.permission_sets).toEqual([]);
  });

  test("may each keep a set of their own, and a name that was given up is free", async () => {
    const set = uniqueName().toLowerCase();
    const [first, second] = [uniqueName(), uniqueName()];
    expectAnswer(await put(first, withSet(set)), 201, "Catalogue");
    expectAnswer(await put(first, withSet(set)), 200, "Catalogue");
    expectAnswer(await put(first, catalogueOf([operation("READ")])), 200, "Catalogue");
    expectAnswer(await put(second, withSet(set)), 201, "Catalogue");
  });
});

test("another isolate knows a new permission within the bound", async () => {
  const elsewhere = await startWorker();
  const name = uniqueName();
  await call("GET", "/v1/catalogues", { at: elsewhere });
  await put(name, catalogueOf([operation("READ")]));
  clock.advance(BOUND_MS);
  const body = { name: "x", permissions: [`${name}.Orders.READ`] };
  const answer = await call("POST", `/v1/teams/${team}/access-tokens`, { body, at: elsewhere });
  expectAnswer(answer, 201, "CreatedAccessToken");
});
