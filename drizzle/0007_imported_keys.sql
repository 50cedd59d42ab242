ALTER TABLE `access_tokens` ADD `imported_seq` integer;--> statement-breakpoint
CREATE INDEX `access_tokens_imported` ON `access_tokens` (`imported_seq`,`hash`) WHERE imported_seq IS NOT NULL;