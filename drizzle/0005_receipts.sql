CREATE TABLE `revocation_receipts` (
	`subject` text PRIMARY KEY NOT NULL,
	`jws` text NOT NULL,
	`kid` text NOT NULL,
	`effective_by` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `client_secrets` ADD `revoked_by` text;