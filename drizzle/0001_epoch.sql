-- The life of the change feed: a restored database is given a new one.
INSERT INTO `meta` (`key`, `value`) VALUES ('epoch', lower(hex(randomblob(16))));
--> statement-breakpoint
-- How much of the journal this database knows: nothing yet.
INSERT INTO `meta` (`key`, `value`) VALUES ('journal_mark', '0');
