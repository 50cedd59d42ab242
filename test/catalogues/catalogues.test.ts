import { describe, expect, it } from "vitest";
import { builtInCatalogues, builtInIndex } from "../../src/catalogues/index.ts";
import { validateCatalogue } from "../../src/domain/catalogue-rules.ts";
import { expandPermissions, indexCatalogues, serviceOf, strictOf } from "../../src/domain/permission.ts";

function catalogueOf(service: string) {
  const catalogue = builtInIndex.catalogues.get(service);
  if (catalogue === undefined) throw new Error(`no catalogue ${service}`);
  return catalogue;
}

/** `{Resource: "OPERATION OPERATION"}` in the catalogue's order. */
function shapeOf(service: string) {
  return Object.fromEntries(
    catalogueOf(service).resources.map(({ name, operations }) => [
      name,
      operations.map((operation) => operation.name).join(" "),
    ]),
  );
}

function permissionsOf(service: string) {
  return [...builtInIndex.permissions.keys()]
    .filter((permission) => serviceOf(permission) === service)
    .sort();
}

function expand(permissions: string[], permissionSets: string[] = []) {
  return expandPermissions(builtInIndex, { permissions, permissionSets });
}

describe("every built-in catalogue", () => {
  it("is one of the three of the contract", () => {
    expect(builtInCatalogues.map(({ service }) => service)).toEqual([
      "EMM",
      "MDMOnDemand",
      "EnterpriseCommunications",
    ]);
  });

  it.each([
    ["EMM", 13, 40],
    ["MDMOnDemand", 3, 12],
    ["EnterpriseCommunications", 10, 26],
  ])("%s has %d resources and %d permissions", (service, resources, permissions) => {
    expect(catalogueOf(service).resources).toHaveLength(resources);
    expect(permissionsOf(service)).toHaveLength(permissions);
  });

  it.each(builtInCatalogues)(
    "$service passes the validation that the operator's own must pass",
    (catalogue) => {
      const others = indexCatalogues(builtInCatalogues.filter((other) => other !== catalogue));
      expect(validateCatalogue(catalogue, others)).toEqual({ ok: true, value: catalogue });
    },
  );

  it.each(builtInCatalogues)("$service describes everything in sentences of their own", (catalogue) => {
    const lists = [
      [catalogue.description],
      catalogue.resources.map(({ description }) => description),
      catalogue.permissionSets.map(({ description }) => description),
      ...catalogue.resources.map(({ operations }) => operations.map(({ description }) => description)),
    ];
    for (const descriptions of lists) {
      expect(new Set(descriptions).size).toBe(descriptions.length);
      for (const description of descriptions) expect(description).toMatch(/^[A-Z][^.]{10,}\.$/);
    }
  });

  it("has permission sets that each can be issued alone", () => {
    const alone = [...builtInIndex.permissionSets.keys()].filter((name) => {
      const result = expand([], [name]);
      return result.ok && result.value.length > 0;
    });
    expect(alone).toEqual([...builtInIndex.permissionSets.keys()]);
  });

  it("implies and requires only exact permissions that exist, and never itself", () => {
    for (const [permission, { operation }] of builtInIndex.permissions) {
      const named = [...operation.implies, ...operation.requires];
      expect(named.filter((other) => !builtInIndex.permissions.has(other))).toEqual([]);
      expect(named).not.toContain(permission);
    }
  });
});

describe("EMM", () => {
  const emm = catalogueOf("EMM");

  it("has the sections and grades of the contract, lowest first", () => {
    expect(shapeOf("EMM")).toEqual({
      Team: "VIEW MANAGE SECURITY",
      Roles: "VIEW MANAGE DELETE",
      Members: "VIEW MANAGE DELETE",
      Groups: "VIEW MANAGE DELETE",
      Policies: "VIEW MANAGE DELETE",
      EnrolmentTokens: "VIEW MANAGE DELETE",
      Webhooks: "VIEW MANAGE DELETE",
      Reports: "VIEW GENERATE DELETE",
      AccessTokens: "VIEW CREATE DELETE",
      Devices: "VIEW",
      DevicePossession: "VIEW CHANGE",
      Billing: "MANAGE",
      DeviceCommands:
        "LOCK RESET_PASSWORD REBOOT WIPE REMOTE_CONTROL CLEAR_APP_DATA BROADCAST MANAGE_ESIM ADB",
    });
  });

  it("grades every section but the device commands", () => {
    expect(emm.resources.filter(({ graded }) => !graded).map(({ name }) => name)).toEqual(["DeviceCommands"]);
  });

  it("lets every holder of anything see the team", () => {
    const blind = permissionsOf("EMM").filter((permission) => {
      const result = expand([permission, "EMM.Devices.VIEW"]);
      return !result.ok || !result.value.includes("EMM.Team.VIEW");
    });
    expect(blind).toEqual([]);
    for (const permission of permissionsOf("EMM").filter((each) => each !== "EMM.Team.VIEW")) {
      expect(builtInIndex.permissions.get(permission)?.operation.implies).toContain("EMM.Team.VIEW");
    }
    expect(expand(["EMM.Billing.MANAGE"])).toEqual({
      ok: true,
      value: ["EMM.Billing.MANAGE", "EMM.Team.VIEW"],
    });
  });

  it("lets a holder who sees devices see their groups, policies and enrolment tokens, and no more", () => {
    expect(expand(["EMM.Devices.VIEW"])).toEqual({
      ok: true,
      value: [
        "EMM.Devices.VIEW",
        "EMM.EnrolmentTokens.VIEW",
        "EMM.Groups.VIEW",
        "EMM.Policies.VIEW",
        "EMM.Team.VIEW",
      ],
    });
  });

  it("requires Devices.VIEW of exactly the commands, groups, policies and enrolment tokens", () => {
    const dependent = /^EMM\.(DeviceCommands|Groups|Policies|EnrolmentTokens)\./;
    const refused = permissionsOf("EMM").filter((permission) => !expand([permission]).ok);
    expect(refused).toEqual(permissionsOf("EMM").filter((permission) => dependent.test(permission)));
    for (const permission of refused) {
      expect(expand([permission])).toEqual({
        ok: false,
        error: { kind: "required_permission_absent", missing: ["EMM.Devices.VIEW"] },
      });
      expect(expand([permission, "EMM.Devices.VIEW"])).toMatchObject({ ok: true });
    }
  });

  it("does not let one device command bring another", () => {
    const result = expand(["EMM.DeviceCommands.ADB", "EMM.Devices.VIEW"]);
    expect(result.ok && result.value.filter((each) => each.startsWith("EMM.DeviceCommands."))).toEqual([
      "EMM.DeviceCommands.ADB",
    ]);
  });

  it("is strict about wiping and ADB alone", () => {
    expect(strictOf(builtInIndex, builtInIndex.permissions.keys())).toEqual([
      "EMM.DeviceCommands.ADB",
      "EMM.DeviceCommands.WIPE",
    ]);
  });

  it("has one permission set, which is all of it", () => {
    expect(emm.permissionSets.map(({ name }) => name)).toEqual(["emm-full"]);
    expect(expand([], ["emm-full"])).toEqual({ ok: true, value: permissionsOf("EMM") });
  });
});

describe("MDMOnDemand", () => {
  it("has three scopes with four operations each", () => {
    const four = "CREATE READ UPDATE DELETE";
    expect(shapeOf("MDMOnDemand")).toEqual({ MDMInventory: four, MDMDeviceMgmt: four, MDMUser: four });
    expect(catalogueOf("MDMOnDemand").permissionSets).toEqual([]);
  });

  it("has no grades and relates no permission to another", () => {
    for (const permission of permissionsOf("MDMOnDemand")) {
      expect(expand([permission])).toEqual({ ok: true, value: [permission] });
    }
  });

  it("brings all four operations with ALL", () => {
    expect(expand(["MDMOnDemand.MDMDeviceMgmt.ALL"])).toEqual({
      ok: true,
      value: [
        "MDMOnDemand.MDMDeviceMgmt.CREATE",
        "MDMOnDemand.MDMDeviceMgmt.DELETE",
        "MDMOnDemand.MDMDeviceMgmt.READ",
        "MDMOnDemand.MDMDeviceMgmt.UPDATE",
      ],
    });
  });
});

describe("EnterpriseCommunications", () => {
  const of = (...texts: string[]) => texts.map((text) => `EnterpriseCommunications.${text}`).sort();
  const allChannels = [
    "Messages.SEND_SMS",
    "Messages.SEND_EMAIL",
    "Messages.SEND_WHATSAPP",
    "Messages.SEND_FACEBOOK",
    "Messages.SEND_APP_MESSAGING",
    "Messages.SEND_PUSH",
    "Messages.SEND_RCS",
    "Messages.READ",
    "Content.READ",
    "Content.WRITE",
    "Templates.READ",
    "Channels.READ",
  ];

  it("has the service tree of the contract", () => {
    expect(shapeOf("EnterpriseCommunications")).toEqual({
      Messages: "SEND_SMS SEND_EMAIL SEND_WHATSAPP SEND_FACEBOOK SEND_APP_MESSAGING SEND_PUSH SEND_RCS READ",
      Branch: "SEND",
      Profiles: "READ WRITE DELETE",
      Content: "READ WRITE",
      Templates: "READ WRITE",
      Facebook: "CREATE_OPT_IN",
      AppMessaging: "READ_CONVERSATIONS WRITE_CONVERSATIONS MANAGE_PARTICIPANTS",
      Channels: "READ WRITE",
      ApiSpaces: "READ WRITE",
      Webhooks: "READ WRITE",
    });
  });

  it("has no grades and relates no permission to another", () => {
    for (const permission of permissionsOf("EnterpriseCommunications")) {
      expect(expand([permission])).toEqual({ ok: true, value: [permission] });
    }
  });

  it("has exactly the permission sets of the contract", () => {
    expect(catalogueOf("EnterpriseCommunications").permissionSets.map(({ name }) => name)).toEqual([
      "one-api-all-channels",
      "one-api-all-channels-branch",
      "profiles-and-data",
      "facebook-opt-in",
      "app-messaging-conversations",
    ]);
  });

  it.each([
    ["one-api-all-channels", of(...allChannels)],
    ["one-api-all-channels-branch", of(...allChannels, "Branch.SEND")],
    ["profiles-and-data", of("Profiles.READ", "Profiles.WRITE", "Profiles.DELETE")],
    ["facebook-opt-in", of("Facebook.CREATE_OPT_IN")],
    [
      "app-messaging-conversations",
      of(
        "AppMessaging.READ_CONVERSATIONS",
        "AppMessaging.WRITE_CONVERSATIONS",
        "AppMessaging.MANAGE_PARTICIPANTS",
      ),
    ],
  ])("expands %s to what the contract lists", (name, permissions) => {
    expect(expand([], [name])).toEqual({ ok: true, value: permissions });
  });
});
