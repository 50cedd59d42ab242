CREATE TABLE `access_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`team_id` text NOT NULL,
	`name` text NOT NULL,
	`profile_id` text,
	`client_id` text,
	`user_id` text,
	`grant_id` text,
	`audience` text,
	`permissions` text NOT NULL,
	`allowed_ips` text,
	`rate_limit` integer,
	`rate_window_seconds` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`revoked_by` text,
	`revocation_effective_by` integer,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `access_tokens_id` ON `access_tokens` (`id`);--> statement-breakpoint
CREATE INDEX `access_tokens_team` ON `access_tokens` (`team_id`,`kind`,`id`);--> statement-breakpoint
CREATE INDEX `access_tokens_user` ON `access_tokens` (`user_id`,`team_id`) WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `audit_events` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text,
	`at` integer NOT NULL,
	`type` text NOT NULL,
	`actor` text NOT NULL,
	`actor_owner` text NOT NULL,
	`subject` text NOT NULL,
	`ip` text,
	`detail` text,
	`chain_number` integer,
	`chain_hash` text
);
--> statement-breakpoint
CREATE INDEX `audit_events_team` ON `audit_events` (`team_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `audit_events_chain` ON `audit_events` (`team_id`,`chain_number`);--> statement-breakpoint
CREATE INDEX `audit_events_unsealed` ON `audit_events` (`team_id`) WHERE chain_number IS NULL;--> statement-breakpoint
CREATE TABLE `catalogues` (
	`service` text PRIMARY KEY NOT NULL,
	`definition` text NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `domains` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`name` text NOT NULL,
	`challenge` text NOT NULL,
	`verified_at` integer,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `domains_team_name` ON `domains` (`team_id`,`name`);--> statement-breakpoint
CREATE INDEX `domains_name` ON `domains` (`name`);--> statement-breakpoint
CREATE TABLE `feed` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`subject` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `idempotency` (
	`id` text PRIMARY KEY NOT NULL,
	`body_hash` text NOT NULL,
	`status` integer,
	`answer` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `idempotency_created` ON `idempotency` (`created_at`);--> statement-breakpoint
CREATE TABLE `members` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`email` text NOT NULL,
	`user_id` text,
	`role` text NOT NULL,
	`status` text NOT NULL,
	`invitation_hash` text,
	`invitation_expires_at` integer,
	`invited_by` text NOT NULL,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`joined_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `members_team_email` ON `members` (`team_id`,`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `members_team_user` ON `members` (`team_id`,`user_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `members_invitation` ON `members` (`invitation_hash`);--> statement-breakpoint
CREATE INDEX `members_user` ON `members` (`user_id`);--> statement-breakpoint
CREATE INDEX `members_team` ON `members` (`team_id`,`id`);--> statement-breakpoint
CREATE INDEX `members_role` ON `members` (`team_id`,`role`);--> statement-breakpoint
CREATE TABLE `meta` (
	`key` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `report_parts` (
	`report_id` text NOT NULL,
	`number` integer NOT NULL,
	`content` text NOT NULL,
	PRIMARY KEY(`report_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `reports` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`type` text NOT NULL,
	`format` text NOT NULL,
	`period` text NOT NULL,
	`status` text NOT NULL,
	`failure` text,
	`cursor` text,
	`parts` integer NOT NULL,
	`rows` integer NOT NULL,
	`progress` integer NOT NULL,
	`claimed_until` integer NOT NULL,
	`attempts` integer NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	`created_event` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `reports_team` ON `reports` (`team_id`,`id`);--> statement-breakpoint
CREATE INDEX `reports_status` ON `reports` (`status`);--> statement-breakpoint
CREATE TABLE `roles` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`name` text NOT NULL,
	`description` text NOT NULL,
	`permissions` text NOT NULL,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `roles_team_name` ON `roles` (`team_id`,`name`);--> statement-breakpoint
CREATE INDEX `roles_team` ON `roles` (`team_id`,`id`);--> statement-breakpoint
CREATE TABLE `service_keys` (
	`hash` text PRIMARY KEY NOT NULL,
	`service_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `service_keys_service` ON `service_keys` (`service_id`);--> statement-breakpoint
CREATE TABLE `services` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`catalogues` text,
	`resource` text,
	`created_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE TABLE `sessions` (
	`hash` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`last_seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`ended_at` integer,
	`two_factor` integer NOT NULL,
	`ip` text,
	`user_agent` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_id` ON `sessions` (`id`);--> statement-breakpoint
CREATE INDEX `sessions_user` ON `sessions` (`user_id`);--> statement-breakpoint
CREATE TABLE `sso_connections` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`name` text NOT NULL,
	`issuer` text NOT NULL,
	`client_id` text NOT NULL,
	`client_secret` text NOT NULL,
	`allowed_domains` text NOT NULL,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sso_connections_team` ON `sso_connections` (`team_id`,`id`);--> statement-breakpoint
CREATE TABLE `teams` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`slug` text NOT NULL,
	`status` text NOT NULL,
	`preferences` text NOT NULL,
	`plan` text NOT NULL,
	`billing_contact` text,
	`payment_reference` text,
	`require_two_factor` integer NOT NULL,
	`sign_in_methods` text NOT NULL,
	`session_minutes` integer NOT NULL,
	`android_enterprise_id` text,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `teams_slug` ON `teams` (`slug`);--> statement-breakpoint
CREATE TABLE `token_usage` (
	`token_id` text NOT NULL,
	`team_id` text NOT NULL,
	`hour` integer NOT NULL,
	`permission` text NOT NULL,
	`verdict` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`team_id`, `token_id`, `hour`, `permission`, `verdict`)
);
--> statement-breakpoint
CREATE INDEX `token_usage_team` ON `token_usage` (`team_id`,`hour`);--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`password_hash` text,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (`email`);