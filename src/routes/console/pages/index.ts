import type { PersonPage, TeamPage } from "../visit.ts";
import { passwordPage } from "./account-password.tsx";
import { addPasskeyPage, removePasskeyPage } from "./account-passkeys.tsx";
import { noSecondFactorPage, recoveryCodesPage, secondFactorPage } from "./account-second-factor.tsx";
import { accountPage } from "./account.tsx";
import { addTokenPage } from "./add-token.tsx";
import { addWebhookPage } from "./add-webhook.tsx";
import { addClientPage, chooseClientPage } from "./add-client.tsx";
import { auditPage } from "./audit.tsx";
import { clientSecretPage } from "./client-secret.tsx";
import { clientPage } from "./client.tsx";
import { clientsPage, deleteClientPage } from "./clients.tsx";
import { deliveryPage } from "./delivery.tsx";
import { connectedAppsPage, revokeAppPage } from "./connected-apps.tsx";
import { editClientPage } from "./edit-client.tsx";
import { editWebhookPage } from "./edit-webhook.tsx";
import { downloadCodePage, generateCodePage } from "./generate-code.tsx";
import { newReportPage } from "./new-report.tsx";
import { redeliverPage } from "./redeliver.tsx";
import { reportPage } from "./report.tsx";
import { deleteReportPage, reportsPage } from "./reports.tsx";
import { tokenPage } from "./token.tsx";
import { revokeTokenPage, tokensPage } from "./tokens.tsx";
import { webhookSecretPage } from "./webhook-secret.tsx";
import { webhookPage } from "./webhook.tsx";
import { deleteWebhookPage, disableWebhookPage, webhooksPage } from "./webhooks.tsx";

import { billingPage } from "./billing.tsx";
import { domainPage, domainsPage, removeDomainPage } from "./domains.tsx";
import { editMemberPage, removeMemberPage } from "./edit-member.tsx";
import { addRolePage, editRolePage } from "./edit-role.tsx";
import { addSsoConnectionPage, editSsoConnectionPage } from "./edit-sso-connection.tsx";
import { informationPage } from "./information.tsx";
import { inviteMemberPage } from "./invite-member.tsx";
import { membersPage } from "./members.tsx";
import { deleteRolePage, rolesPage } from "./roles.tsx";
import { securityPage } from "./security.tsx";
import { removeSsoConnectionPage, ssoConnectionsPage } from "./sso-connections.tsx";

/** Every page of a team; a new one is a file and a line here. */
export const teamPages: readonly TeamPage[] = [
  tokensPage,
  addTokenPage,
  revokeTokenPage,
  tokenPage,
  clientsPage,
  chooseClientPage,
  addClientPage,
  editClientPage,
  clientSecretPage,
  generateCodePage,
  downloadCodePage,
  deleteClientPage,
  clientPage,
  webhooksPage,
  addWebhookPage,
  editWebhookPage,
  webhookSecretPage,
  redeliverPage,
  disableWebhookPage,
  deleteWebhookPage,
  deliveryPage,
  webhookPage,
  reportsPage,
  newReportPage,
  deleteReportPage,
  reportPage,
  auditPage,
  informationPage,
  rolesPage,
  addRolePage,
  editRolePage,
  deleteRolePage,
  membersPage,
  inviteMemberPage,
  editMemberPage,
  removeMemberPage,
  ssoConnectionsPage,
  addSsoConnectionPage,
  editSsoConnectionPage,
  removeSsoConnectionPage,
  securityPage,
  domainsPage,
  domainPage,
  removeDomainPage,
  billingPage,
];

/** Every page of a person. */
export const personPages: readonly PersonPage[] = [
  accountPage,
  passwordPage,
  secondFactorPage,
  recoveryCodesPage,
  noSecondFactorPage,
  addPasskeyPage,
  removePasskeyPage,
  connectedAppsPage,
  revokeAppPage,
];
