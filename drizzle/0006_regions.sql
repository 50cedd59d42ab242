CREATE TABLE `region_secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`region` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `region_secrets_client` ON `region_secrets` (`client_id`,`region`);--> statement-breakpoint
CREATE TABLE `registrations_out` (
	`client_id` text NOT NULL,
	`region` text NOT NULL,
	`version` integer NOT NULL,
	`acked_version` integer NOT NULL,
	`next_at` integer,
	`tries` integer NOT NULL,
	PRIMARY KEY(`client_id`, `region`)
);
--> statement-breakpoint
CREATE INDEX `registrations_out_due` ON `registrations_out` (`region`,`next_at`) WHERE next_at IS NOT NULL;--> statement-breakpoint
ALTER TABLE `clients` ADD `home_region` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `home_team_status` text;--> statement-breakpoint
ALTER TABLE `clients` ADD `registered_version` integer;--> statement-breakpoint
-- The outbox of registrations (contract, section 9): whatever changes what other regions have to know of a client of
-- ours makes a new version of it, in the transaction of the change.
CREATE TRIGGER `clients_registered` AFTER INSERT ON `clients`
WHEN NEW.home_region IS NULL AND NEW.regions <> '[]'
BEGIN
  INSERT INTO registrations_out (client_id, region, version, acked_version, next_at, tries)
    SELECT NEW.id, value, 1, 0, 0, 0 FROM json_each(NEW.regions);
END;
--> statement-breakpoint
CREATE TRIGGER `clients_changed` AFTER UPDATE OF `version` ON `clients`
WHEN NEW.home_region IS NULL
BEGIN
  INSERT INTO registrations_out (client_id, region, version, acked_version, next_at, tries)
    SELECT NEW.id, value, 0, 0, 0, 0 FROM json_each(NEW.regions) WHERE true ON CONFLICT DO NOTHING;
  UPDATE registrations_out SET version = version + 1, next_at = 0, tries = 0 WHERE client_id = NEW.id;
END;
--> statement-breakpoint
CREATE TRIGGER `client_secrets_gone` AFTER DELETE ON `client_secrets`
BEGIN
  UPDATE registrations_out SET version = version + 1, next_at = 0, tries = 0 WHERE client_id = OLD.client_id;
END;
--> statement-breakpoint
CREATE TRIGGER `client_secrets_revoked` AFTER UPDATE OF `revoked_by` ON `client_secrets`
WHEN NEW.revoked_by IS NOT NULL
BEGIN
  UPDATE registrations_out SET version = version + 1, next_at = 0, tries = 0 WHERE client_id = NEW.client_id;
END;
--> statement-breakpoint
CREATE TRIGGER `region_secrets_gone` AFTER DELETE ON `region_secrets`
BEGIN
  UPDATE registrations_out SET version = version + 1, next_at = 0, tries = 0 WHERE client_id = OLD.client_id;
END;
--> statement-breakpoint
CREATE TRIGGER `teams_standing` AFTER UPDATE OF `status` ON `teams`
WHEN NEW.status <> OLD.status
BEGIN
  UPDATE registrations_out SET version = version + 1, next_at = 0, tries = 0
    WHERE client_id IN (SELECT id FROM clients WHERE team_id = NEW.id);
END;
