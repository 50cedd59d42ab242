import type { Catalogue, Resource } from "../domain/catalogue.ts";
import { operations } from "./operations.ts";

const seeTeam = "EMM.Team.VIEW";
const seeDevices = "EMM.Devices.VIEW";

/** Whatever a token may do in a team, it may know which team it is in. */
const inTeam = { implies: [seeTeam] };
/** What belongs to devices is of no use to a holder who cannot see them. */
const onDevices = { implies: [seeTeam], requires: [seeDevices] };

const resources: readonly Resource[] = [
  {
    name: "Team",
    description: "The team itself: its details, preferences and security settings.",
    graded: true,
    operations: [
      ...operations({ VIEW: "See the team's name, ID, status and settings." }),
      ...operations(
        {
          MANAGE: "Change the team's name, address in links, preferences and domains.",
          SECURITY:
            "Decide how members sign in, whether a second factor is required, how long sessions last, and which Android Enterprise account the team is bound to.",
        },
        inTeam,
      ),
    ],
  },
  {
    name: "Roles",
    description: "The roles that decide what members may do.",
    graded: true,
    operations: operations(
      {
        VIEW: "See the team's roles and what each of them allows.",
        MANAGE: "Create roles and change what existing ones allow.",
        DELETE: "Delete roles.",
      },
      inTeam,
    ),
  },
  {
    name: "Members",
    description: "The people in the team, and the single sign-on connections they come in by.",
    graded: true,
    operations: operations(
      {
        VIEW: "See who is in the team and which single sign-on connections it has.",
        MANAGE: "Invite people, change members' details and roles, and set up single sign-on.",
        DELETE: "Remove people and single sign-on connections from the team.",
      },
      inTeam,
    ),
  },
  {
    name: "Groups",
    description: "Groups of devices.",
    graded: true,
    operations: operations(
      {
        VIEW: "See the device groups and which devices are in them.",
        MANAGE: "Create device groups and change their settings and devices.",
        DELETE: "Delete device groups.",
      },
      onDevices,
    ),
  },
  {
    name: "Policies",
    description: "The rules that are applied to devices.",
    graded: true,
    operations: operations(
      {
        VIEW: "See the policies and where they apply.",
        MANAGE: "Create policies, change them and assign them to devices.",
        DELETE: "Delete policies.",
      },
      onDevices,
    ),
  },
  {
    name: "EnrolmentTokens",
    description: "The tokens and QR codes that bring new devices under management.",
    graded: true,
    operations: operations(
      {
        VIEW: "See the enrolment tokens and their QR codes.",
        MANAGE: "Create and change enrolment tokens and zero-touch configurations.",
        DELETE: "Delete enrolment tokens, so that no more devices can join with them.",
      },
      onDevices,
    ),
  },
  {
    name: "Webhooks",
    description: "The addresses to which the team's events are sent.",
    graded: true,
    operations: operations(
      {
        VIEW: "See the team's webhooks and what was delivered to them.",
        MANAGE: "Add webhooks, change and test them, and send deliveries again.",
        DELETE: "Delete webhooks.",
      },
      inTeam,
    ),
  },
  {
    name: "Reports",
    description: "Reports about the team, and its audit trail.",
    graded: true,
    operations: operations(
      {
        VIEW: "Read and download existing reports and the audit trail.",
        GENERATE: "Have new reports made.",
        DELETE: "Delete reports.",
      },
      inTeam,
    ),
  },
  {
    name: "AccessTokens",
    description: "The team's access tokens and OAuth clients; using a token needs none of this.",
    graded: true,
    operations: operations(
      {
        VIEW: "See which access tokens and OAuth clients exist and what they may do, never their secrets.",
        CREATE: "Create access tokens and OAuth clients that can do no more than their maker.",
        DELETE: "Revoke access tokens and delete OAuth clients, which cannot be undone.",
      },
      inTeam,
    ),
  },
  {
    name: "Devices",
    description: "The devices under management.",
    graded: true,
    operations: operations(
      { VIEW: "See the devices, with their groups, policies and enrolment tokens." },
      { implies: [seeTeam, "EMM.Groups.VIEW", "EMM.Policies.VIEW", "EMM.EnrolmentTokens.VIEW"] },
    ),
  },
  {
    name: "DevicePossession",
    description: "Who has each device, and in what state of possession it is.",
    graded: true,
    operations: operations(
      {
        VIEW: "See who has each device.",
        CHANGE: "Record that a device was handed over, returned or lost.",
      },
      inTeam,
    ),
  },
  {
    name: "Billing",
    description: "The team's plan and how it is paid for.",
    graded: true,
    operations: operations(
      { MANAGE: "See and change the team's plan, billing contact and payment details." },
      inTeam,
    ),
  },
  {
    name: "DeviceCommands",
    description: "Commands sent to devices from afar, each a right of its own.",
    graded: false,
    operations: operations(
      {
        LOCK: "Lock a device's screen at once.",
        RESET_PASSWORD: "Replace the password that unlocks a device.",
        REBOOT: "Restart a device.",
        WIPE: "Erase everything on a device and remove it from management, which cannot be undone.",
        REMOTE_CONTROL: "Watch a device's screen and operate it from afar.",
        CLEAR_APP_DATA: "Erase what chosen apps have stored on a device.",
        BROADCAST: "Show a message on many devices at once.",
        MANAGE_ESIM: "Install and remove eSIM profiles on a device.",
        ADB: "Run Android debugging commands on a device, which can read and change almost anything on it.",
      },
      { ...onDevices, strict: ["WIPE", "ADB"] },
    ),
  },
];

/** Enterprise mobility management: graded sections, and commands as single rights (contract, section 3). */
export const emm: Catalogue = {
  service: "EMM",
  description: "Manage a team, its members and its mobile devices.",
  resources,
  permissionSets: [
    {
      name: "emm-full",
      description: "Everything in EMM, for testing; choose fewer permissions for real use.",
      permissions: resources.map(({ name }) => `EMM.${name}.ALL`),
    },
  ],
};
