CREATE TABLE `deliveries` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`webhook_id` text NOT NULL,
	`event_id` text NOT NULL,
	`type` text NOT NULL,
	`status` text NOT NULL,
	`next_at` integer NOT NULL,
	`claimed_until` integer DEFAULT 0 NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`created_at` integer NOT NULL,
	`done_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `deliveries_event` ON `deliveries` (`webhook_id`,`event_id`);--> statement-breakpoint
CREATE INDEX `deliveries_webhook` ON `deliveries` (`webhook_id`,`id`);--> statement-breakpoint
CREATE INDEX `deliveries_due` ON `deliveries` (`webhook_id`,`next_at`) WHERE status = 'pending';--> statement-breakpoint
CREATE INDEX `deliveries_done` ON `deliveries` (`done_at`) WHERE done_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `delivery_attempts` (
	`delivery_id` text NOT NULL,
	`number` integer NOT NULL,
	`at` integer NOT NULL,
	`status_code` integer,
	`error` text,
	`duration_ms` integer NOT NULL,
	`excerpt` text,
	PRIMARY KEY(`delivery_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`sequence` integer NOT NULL,
	`audit_id` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `events_audit` ON `events` (`audit_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `events_sequence` ON `events` (`team_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `events_at` ON `events` (`at`);--> statement-breakpoint
CREATE TABLE `webhook_secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`webhook_id` text NOT NULL,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `webhook_secrets_webhook` ON `webhook_secrets` (`webhook_id`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`url` text NOT NULL,
	`description` text,
	`events` text NOT NULL,
	`status` text NOT NULL,
	`status_reason` text,
	`failing_since` integer,
	`version` integer NOT NULL,
	`changed_by` text NOT NULL,
	`created_by` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `webhooks_team` ON `webhooks` (`team_id`,`id`);--> statement-breakpoint
ALTER TABLE `teams` ADD `event_sequence` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- The outbox (contract, section 8): an audit row that an endpoint of its team wants to hear of becomes an event and
-- its deliveries, in the transaction of the change. The event's id is the audit row's, so it is stable.
CREATE TRIGGER `audit_events_outbox` AFTER INSERT ON `audit_events`
WHEN NEW.team_id IS NOT NULL AND EXISTS (
  SELECT 1 FROM webhooks, json_each(webhooks.events) AS wanted
  WHERE webhooks.team_id = NEW.team_id AND webhooks.status <> 'disabled' AND wanted.value = NEW.type
)
BEGIN
  UPDATE teams SET event_sequence = event_sequence + 1 WHERE id = NEW.team_id;
  INSERT INTO events (id, team_id, sequence, audit_id, at)
    SELECT 'evt_' || substr(NEW.id, 5), NEW.team_id, event_sequence, NEW.id, NEW.at FROM teams WHERE id = NEW.team_id;
  INSERT INTO deliveries (id, team_id, webhook_id, event_id, type, status, next_at, created_at)
    SELECT 'dlv_' || substr(NEW.id, 5, 10) || lower(hex(randomblob(8))), NEW.team_id, webhooks.id,
      'evt_' || substr(NEW.id, 5), NEW.type, 'pending', NEW.at, NEW.at
    FROM webhooks
    WHERE webhooks.team_id = NEW.team_id AND webhooks.status <> 'disabled'
      AND EXISTS (SELECT 1 FROM json_each(webhooks.events) WHERE value = NEW.type);
END;
