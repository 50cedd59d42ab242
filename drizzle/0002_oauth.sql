CREATE TABLE `sso_flows` (
	`state_hash` text PRIMARY KEY NOT NULL,
	`browser_hash` text NOT NULL,
	`connection_id` text NOT NULL,
	`next_path` text NOT NULL,
	`link_user_id` text,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sso_flows_expires` ON `sso_flows` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sso_identities` (
	`connection_id` text NOT NULL,
	`issuer` text NOT NULL,
	`subject` text NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`connection_id`, `issuer`, `subject`)
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sso_identities_user` ON `sso_identities` (`user_id`,`connection_id`,`issuer`);--> statement-breakpoint
CREATE TABLE `client_secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `client_secrets_client` ON `client_secrets` (`client_id`);--> statement-breakpoint
CREATE TABLE `clients` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`homepage_url` text,
	`redirect_uris` text NOT NULL,
	`js_origins` text NOT NULL,
	`permissions` text NOT NULL,
	`jwks` text,
	`regions` text NOT NULL,
	`same_secret_everywhere` integer NOT NULL,
	`not_after` integer,
	`allowed_ips` text,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer
);
--> statement-breakpoint
CREATE INDEX `clients_team` ON `clients` (`team_id`,`id`);--> statement-breakpoint
CREATE TABLE `consents` (
	`user_id` text NOT NULL,
	`client_id` text NOT NULL,
	`team_id` text NOT NULL,
	`permissions` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `client_id`, `team_id`)
);
--> statement-breakpoint
CREATE INDEX `consents_client` ON `consents` (`client_id`);--> statement-breakpoint
CREATE INDEX `consents_team` ON `consents` (`team_id`);--> statement-breakpoint
CREATE TABLE `device_codes` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_code_hash` text NOT NULL,
	`client_id` text NOT NULL,
	`permissions` text NOT NULL,
	`audience` text,
	`access_type` text NOT NULL,
	`status` text NOT NULL,
	`claimed_by` text,
	`grant_id` text,
	`interval_seconds` integer NOT NULL,
	`last_polled_at` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`changed_by` text,
	`used_at` integer,
	`retry_fingerprint` text,
	`retry_answer` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `device_codes_user_code` ON `device_codes` (`user_code_hash`);--> statement-breakpoint
CREATE INDEX `device_codes_expires` ON `device_codes` (`expires_at`);--> statement-breakpoint
CREATE INDEX `device_codes_retry` ON `device_codes` (`used_at`) WHERE retry_answer IS NOT NULL;--> statement-breakpoint
CREATE TABLE `enhance_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`grant_id` text NOT NULL,
	`client_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`used_by` text
);
--> statement-breakpoint
CREATE INDEX `enhance_tokens_expires` ON `enhance_tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `grant_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`grant_id` text NOT NULL,
	`client_id` text NOT NULL,
	`redirect_uri` text,
	`code_challenge` text,
	`proof_key` text,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`used_by` text,
	`retry_fingerprint` text,
	`retry_answer` text
);
--> statement-breakpoint
CREATE INDEX `grant_tokens_grant` ON `grant_tokens` (`grant_id`);--> statement-breakpoint
CREATE INDEX `grant_tokens_expires` ON `grant_tokens` (`expires_at`);--> statement-breakpoint
CREATE INDEX `grant_tokens_retry` ON `grant_tokens` (`used_at`) WHERE retry_answer IS NOT NULL;--> statement-breakpoint
CREATE TABLE `grants` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`client_id` text NOT NULL,
	`user_id` text,
	`holder` text NOT NULL,
	`permissions` text NOT NULL,
	`audience` text,
	`access_type` text NOT NULL,
	`not_after` integer,
	`allowed_ips` text,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	`revoked_by` text
);
--> statement-breakpoint
CREATE INDEX `grants_user` ON `grants` (`user_id`,`client_id`);--> statement-breakpoint
CREATE INDEX `grants_client` ON `grants` (`client_id`);--> statement-breakpoint
CREATE INDEX `grants_team` ON `grants` (`team_id`);--> statement-breakpoint
CREATE TABLE `pushed_requests` (
	`hash` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`parameters` text NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer
);
--> statement-breakpoint
CREATE INDEX `pushed_requests_expires` ON `pushed_requests` (`expires_at`);--> statement-breakpoint
CREATE TABLE `refresh_tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`grant_id` text NOT NULL,
	`client_id` text NOT NULL,
	`team_id` text NOT NULL,
	`user_id` text,
	`holder` text NOT NULL,
	`proof_key` text,
	`created_at` integer NOT NULL,
	`last_used_at` integer,
	`rotated_at` integer,
	`revoked_at` integer,
	`revoked_by` text,
	`revoked_for` text,
	`retry_fingerprint` text,
	`retry_answer` text
);
--> statement-breakpoint
CREATE UNIQUE INDEX `refresh_tokens_id` ON `refresh_tokens` (`id`);--> statement-breakpoint
CREATE INDEX `refresh_tokens_grant` ON `refresh_tokens` (`grant_id`);--> statement-breakpoint
CREATE INDEX `refresh_tokens_revoked_by` ON `refresh_tokens` (`revoked_by`) WHERE revoked_by IS NOT NULL;--> statement-breakpoint
CREATE INDEX `refresh_tokens_held` ON `refresh_tokens` (`client_id`,`holder`,`created_at`) WHERE revoked_at IS NULL AND rotated_at IS NULL;--> statement-breakpoint
CREATE INDEX `refresh_tokens_retry` ON `refresh_tokens` (`rotated_at`) WHERE retry_answer IS NOT NULL;--> statement-breakpoint
CREATE TABLE `seen_jwts` (
	`hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `seen_jwts_expires` ON `seen_jwts` (`expires_at`);--> statement-breakpoint
CREATE TABLE `signing_keys` (
	`kid` text PRIMARY KEY NOT NULL,
	`public_jwk` text NOT NULL,
	`private_jwk` text NOT NULL,
	`created_at` integer NOT NULL,
	`retired_at` integer
);
--> statement-breakpoint
CREATE TABLE `passkeys` (
	`id` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`name` text NOT NULL,
	`credential_id` text NOT NULL,
	`public_key` text NOT NULL,
	`algorithm` integer NOT NULL,
	`counter` integer NOT NULL,
	`created_at` integer NOT NULL,
	`last_used_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `passkeys_credential` ON `passkeys` (`credential_id`);--> statement-breakpoint
CREATE INDEX `passkeys_user` ON `passkeys` (`user_id`,`id`);--> statement-breakpoint
CREATE TABLE `recovery_codes` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `recovery_codes_user` ON `recovery_codes` (`user_id`);--> statement-breakpoint
CREATE TABLE `reset_links` (
	`hash` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reset_links_user` ON `reset_links` (`user_id`);--> statement-breakpoint
CREATE TABLE `sign_in_steps` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`user_id` text,
	`tries` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `sign_in_steps_expires` ON `sign_in_steps` (`expires_at`);--> statement-breakpoint
CREATE INDEX `sign_in_steps_user` ON `sign_in_steps` (`user_id`) WHERE user_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `totp_secrets` (
	`user_id` text PRIMARY KEY NOT NULL,
	`secret` text NOT NULL,
	`created_at` integer NOT NULL,
	`confirmed_at` integer,
	`last_step` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `access_tokens` ADD `proof_key` text;--> statement-breakpoint
CREATE INDEX `access_tokens_grant` ON `access_tokens` (`grant_id`) WHERE grant_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `access_tokens_client` ON `access_tokens` (`client_id`) WHERE client_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `sessions` ADD `method` text DEFAULT 'password' NOT NULL;--> statement-breakpoint
ALTER TABLE `sessions` ADD `sso_team_id` text;--> statement-breakpoint
ALTER TABLE `sessions` ADD `sso_connection_id` text;--> statement-breakpoint
CREATE INDEX `sessions_expires` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE INDEX `sessions_ended` ON `sessions` (`ended_at`) WHERE ended_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `sessions_sso` ON `sessions` (`sso_connection_id`) WHERE sso_connection_id IS NOT NULL;--> statement-breakpoint
ALTER TABLE `sso_connections` ADD `chosen_by_holder` text;--> statement-breakpoint
ALTER TABLE `users` ADD `email_verified_at` integer;--> statement-breakpoint
ALTER TABLE `users` ADD `password_set_at` integer;--> statement-breakpoint
CREATE INDEX `members_invitation_expires` ON `members` (`invitation_expires_at`) WHERE invitation_expires_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `reports_finished` ON `reports` (`finished_at`) WHERE finished_at IS NOT NULL;