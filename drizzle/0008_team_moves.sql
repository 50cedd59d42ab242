CREATE TABLE `team_arrivals` (
	`move_id` text NOT NULL,
	`kind` text NOT NULL,
	`key` text NOT NULL,
	`row` text NOT NULL,
	PRIMARY KEY(`move_id`, `kind`, `key`)
);
--> statement-breakpoint
CREATE TABLE `team_moves` (
	`id` text PRIMARY KEY NOT NULL,
	`team_id` text NOT NULL,
	`direction` text NOT NULL,
	`region` text NOT NULL,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`rows` text,
	`sha256` text,
	`effective_by` integer,
	`changed_by` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `team_moves_team` ON `team_moves` (`team_id`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `team_moves_open` ON `team_moves` (`team_id`) WHERE state IN ('copying', 'receiving');--> statement-breakpoint
ALTER TABLE `access_tokens` ADD `moved_from` text;--> statement-breakpoint
ALTER TABLE `teams` ADD `lives_in` text;--> statement-breakpoint
ALTER TABLE `teams` ADD `place_version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `teams` ADD `frozen_until` integer;--> statement-breakpoint
ALTER TABLE `refresh_tokens` ADD `imported_seq` integer;--> statement-breakpoint
ALTER TABLE `refresh_tokens` ADD `moved_from` text;--> statement-breakpoint
CREATE INDEX `refresh_tokens_team` ON `refresh_tokens` (`team_id`);--> statement-breakpoint
CREATE INDEX `refresh_tokens_imported` ON `refresh_tokens` (`imported_seq`,`hash`) WHERE imported_seq IS NOT NULL;
--> statement-breakpoint
-- While a team's last rows are copied, nothing of it changes here: whatever would leaves an audit row, and that is
-- refused, with all else of its transaction. What ends something goes through: a leaked token must not wait for a move.
-- Once the team lives in another region, that does not either: nothing would end where the team is, and whoever wanted
-- it would be told that it did. Records of checks, and what only comes with time, always go through.
CREATE TRIGGER `audit_events_settled` BEFORE INSERT ON `audit_events`
WHEN NEW.team_id IS NOT NULL
  AND NEW.type NOT IN (
    'check.strict', 'check.denied', 'access.denied', 'rate_limit.exceeded', 'sso.refused', 'grant.denied',
    'access_token.expiring', 'invitation.expired', 'session.ended', 'report.expired', 'webhook.disabled'
  )
  AND NEW.type NOT LIKE 'team.move\_%' ESCAPE '\'
  AND EXISTS (
    SELECT 1 FROM teams WHERE id = NEW.team_id AND (
      lives_in IS NOT NULL
      OR frozen_until > NEW.at AND NEW.type NOT IN (
        'access_token.revoked', 'grant.revoked', 'consent.revoked', 'refresh_token.reuse_detected',
        'client.secret_revoked', 'client.deleted', 'token.leaked', 'team.credentials_revoked',
        'user.credentials_revoked', 'member.removed'
      )
    )
  )
BEGIN
  SELECT RAISE(ABORT, 'the team is being moved');
END;
--> statement-breakpoint
-- A team that lives in another region has its events there, in one row of numbers.
DROP TRIGGER `audit_events_outbox`;
--> statement-breakpoint
CREATE TRIGGER `audit_events_outbox` AFTER INSERT ON `audit_events`
WHEN NEW.team_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM teams WHERE id = NEW.team_id AND lives_in IS NOT NULL)
  AND EXISTS (
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
