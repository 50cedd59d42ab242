import type { NavKey } from "./visit.ts";

interface MenuGroup {
  readonly heading: "developers" | "team";
  readonly entries: readonly {
    readonly page: NavKey;
    /** Below `/console/{slug}`. */
    readonly path: string;
    /** What it takes to see the page (contract, section 5): to others it is not offered. */
    readonly needs: string;
  }[];
}

/** The pages of a team as the menu groups them, and in this order on the first page. */
const TEAM_MENU: readonly MenuGroup[] = [
  {
    heading: "developers",
    entries: [
      { page: "tokens", path: "/access-tokens", needs: "EMM.AccessTokens.VIEW" },
      { page: "clients", path: "/clients", needs: "EMM.AccessTokens.VIEW" },
      { page: "webhooks", path: "/webhooks", needs: "EMM.Webhooks.VIEW" },
    ],
  },
  {
    heading: "team",
    entries: [
      { page: "information", path: "/team", needs: "EMM.Team.VIEW" },
      { page: "roles", path: "/roles", needs: "EMM.Roles.VIEW" },
      { page: "members", path: "/members", needs: "EMM.Members.VIEW" },
      { page: "security", path: "/security", needs: "EMM.Team.VIEW" },
      { page: "domains", path: "/domains", needs: "EMM.Team.VIEW" },
      { page: "billing", path: "/billing", needs: "EMM.Billing.MANAGE" },
      { page: "reports", path: "/reports", needs: "EMM.Reports.VIEW" },
      { page: "audit", path: "/audit", needs: "EMM.Reports.VIEW" },
    ],
  },
];

/** What of the menu somebody's role opens; a group of which nothing is left is left out. */
export function teamMenu(may: (permission: string) => boolean): readonly MenuGroup[] {
  return TEAM_MENU.map(({ heading, entries }) => ({
    heading,
    entries: entries.filter(({ needs }) => may(needs)),
  })).filter(({ entries }) => entries.length > 0);
}
