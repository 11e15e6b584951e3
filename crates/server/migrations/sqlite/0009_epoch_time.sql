-- When the epoch last rose, and how far the clock was found to have leapt since the rise before, if no run that ends uploads
-- was judged after that.

ALTER TABLE installation ADD COLUMN raised_at INTEGER;
ALTER TABLE installation ADD COLUMN leap_noticed_at INTEGER;
ALTER TABLE installation ADD COLUMN leap_micros INTEGER CHECK ((leap_micros IS NULL) = (leap_noticed_at IS NULL));
