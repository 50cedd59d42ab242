import type { Catalogue } from "../domain/catalogue.ts";
import { operations } from "./operations.ts";

const allChannels = [
  "EnterpriseCommunications.Messages.ALL",
  "EnterpriseCommunications.Content.ALL",
  "EnterpriseCommunications.Templates.READ",
  "EnterpriseCommunications.Channels.READ",
];

/** Messaging over many channels, with ready-made permission sets (contract, section 3). */
export const enterpriseCommunications: Catalogue = {
  service: "EnterpriseCommunications",
  description: "Send messages to customers over many channels, and manage what that needs.",
  resources: [
    {
      name: "Messages",
      description: "Messages to customers, one right for each channel.",
      graded: false,
      operations: operations({
        SEND_SMS: "Send text messages by SMS.",
        SEND_EMAIL: "Send e-mail.",
        SEND_WHATSAPP: "Send messages on WhatsApp.",
        SEND_FACEBOOK: "Send messages on Facebook Messenger.",
        SEND_APP_MESSAGING: "Send messages into conversations inside your own apps.",
        SEND_PUSH: "Send push notifications to your apps.",
        SEND_RCS: "Send rich messages by RCS.",
        READ: "See messages that were sent and whether they arrived.",
      }),
    },
    {
      name: "Branch",
      description: "Branches, which pick the channel for each recipient.",
      graded: false,
      operations: operations({ SEND: "Send messages through a branch, on whichever channel it picks." }),
    },
    {
      name: "Profiles",
      description: "Customer profiles and the data kept in them.",
      graded: false,
      operations: operations({
        READ: "See customer profiles and their data.",
        WRITE: "Create customer profiles and change their data.",
        DELETE: "Delete customer profiles with all their data.",
      }),
    },
    {
      name: "Content",
      description: "Pictures and other files that messages carry.",
      graded: false,
      operations: operations({
        READ: "See and download stored files.",
        WRITE: "Upload files and replace stored ones.",
      }),
    },
    {
      name: "Templates",
      description: "Prepared messages with places to fill in.",
      graded: false,
      operations: operations({
        READ: "See message templates and use them in messages.",
        WRITE: "Create message templates and change existing ones.",
      }),
    },
    {
      name: "Facebook",
      description: "Customers' consent to be written to on Facebook.",
      graded: false,
      operations: operations({
        CREATE_OPT_IN: "Record that a customer agreed to receive messages on Facebook.",
      }),
    },
    {
      name: "AppMessaging",
      description: "Conversations inside your own apps, and who takes part in them.",
      graded: false,
      operations: operations({
        READ_CONVERSATIONS: "Read conversations and the messages in them.",
        WRITE_CONVERSATIONS: "Start conversations and change existing ones.",
        MANAGE_PARTICIPANTS: "Add people to conversations and take them out.",
      }),
    },
    {
      name: "Channels",
      description: "The channels that are set up for sending.",
      graded: false,
      operations: operations({
        READ: "See which channels are set up and how.",
        WRITE: "Set up channels and change how they work.",
      }),
    },
    {
      name: "ApiSpaces",
      description: "API spaces, which keep the data of separate uses apart.",
      graded: false,
      operations: operations({
        READ: "See the API spaces and their settings.",
        WRITE: "Create API spaces and change their settings.",
      }),
    },
    {
      name: "Webhooks",
      description: "The addresses to which messaging events are sent.",
      graded: false,
      operations: operations({
        READ: "See the webhooks and which events each receives.",
        WRITE: "Create webhooks and change where and when they are called.",
      }),
    },
  ],
  permissionSets: [
    {
      name: "one-api-all-channels",
      description: "Send on every channel, with the files, templates and channels that sending needs.",
      permissions: allChannels,
    },
    {
      name: "one-api-all-channels-branch",
      description: "Send on every channel and through branches; recommended for general sending.",
      permissions: [...allChannels, "EnterpriseCommunications.Branch.SEND"],
    },
    {
      name: "profiles-and-data",
      description: "See, change and delete customer profiles and their data.",
      permissions: ["EnterpriseCommunications.Profiles.ALL"],
    },
    {
      name: "facebook-opt-in",
      description: "Record customers' consent to messages on Facebook, and nothing else.",
      permissions: ["EnterpriseCommunications.Facebook.CREATE_OPT_IN"],
    },
    {
      name: "app-messaging-conversations",
      description: "Run conversations inside your apps: read and write them and decide who takes part.",
      permissions: ["EnterpriseCommunications.AppMessaging.ALL"],
    },
  ],
};
