-- What a refusal said of single fields, as it was sent; `detail` has what it said in one text.
SET lock_timeout = '5s';

ALTER TABLE refusals ADD COLUMN errors jsonb;
