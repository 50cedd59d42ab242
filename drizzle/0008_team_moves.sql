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
CREATE INDEX `refresh_tokens_imported` ON `refresh_tokens` (`imported_seq`,`hash`) WHERE imported_seq IS NOT NULL;
--> statement-breakpoint
-- While a team's last rows are copied, and once it lives in another region, nothing of it changes here: whatever
-- would leaves an audit row, and that is refused, with all else of its transaction. What ends something goes through:
-- a leaked token must not wait for a move. So do records of checks, and what only comes with time.
CREATE TRIGGER `audit_events_settled` BEFORE INSERT ON `audit_events`
WHEN NEW.team_id IS NOT NULL
  AND NEW.type NOT IN (
    'check.strict', 'check.denied', 'access.denied', 'rate_limit.exceeded', 'sso.refused',
    'access_token.revoked', 'access_token.expiring', 'grant.revoked', 'grant.denied', 'consent.revoked',
    'refresh_token.reuse_detected', 'client.secret_revoked', 'client.deleted', 'token.leaked',
    'team.credentials_revoked', 'user.credentials_revoked', 'member.removed', 'invitation.expired',
    'session.ended', 'report.expired', 'webhook.disabled'
  )
  AND NEW.type NOT LIKE 'team.move\_%' ESCAPE '\'
  AND EXISTS (
    SELECT 1 FROM teams WHERE id = NEW.team_id AND (lives_in IS NOT NULL OR frozen_until > NEW.at)
  )
BEGIN
  SELECT RAISE(ABORT, 'the team is being moved');
END;
