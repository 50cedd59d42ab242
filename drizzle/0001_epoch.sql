-- The life of the change feed: a restored database is given a new one.
INSERT INTO `meta` (`key`, `value`) VALUES ('epoch', lower(hex(randomblob(16))));
