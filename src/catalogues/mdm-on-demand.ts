import type { Catalogue } from "../domain/catalogue.ts";
import { operations } from "./operations.ts";

/** Mobile device management on demand: three scopes with the same four operations (contract, section 3). */
export const mdmOnDemand: Catalogue = {
  service: "MDMOnDemand",
  description: "Work with managed devices, what is distributed to them, and who uses them.",
  resources: [
    {
      name: "MDMInventory",
      description: "The inventory: which devices there are and what is known about each.",
      graded: false,
      operations: operations({
        CREATE: "Add devices to the inventory, and start actions such as a scan on them.",
        READ: "See the devices in the inventory with their details and location.",
        UPDATE: "Change what the inventory records about a device.",
        DELETE: "Remove devices from the inventory.",
      }),
    },
    {
      name: "MDMDeviceMgmt",
      description: "Profiles and apps, and the groups of devices and users that they are distributed to.",
      graded: false,
      operations: operations({
        CREATE: "Add profiles, apps and groups, and distribute them.",
        READ: "See the profiles, apps and groups, and where they are distributed.",
        UPDATE: "Change existing profiles, apps and groups.",
        DELETE: "Delete profiles, apps and groups, and withdraw them from devices.",
      }),
    },
    {
      name: "MDMUser",
      description: "The people to whom devices are assigned.",
      graded: false,
      operations: operations({
        CREATE: "Add people to whom devices can be assigned.",
        READ: "See the people and the devices assigned to them.",
        UPDATE: "Change people's details and which devices are assigned to them.",
        DELETE: "Remove people, which leaves their devices unassigned.",
      }),
    },
  ],
  permissionSets: [],
};
