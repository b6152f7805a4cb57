MODEL (
  name gold.dates,
  kind FULL,
  grain date_day,
  owner 'retail-data@example.com',
  description 'Every day of the years in which something was sold.',
  audits (unique_values(columns := (date_day)))
);

WITH bounds AS (
  SELECT
    DATE_TRUNC('year', MIN(sold_at))::DATE AS first_day,
    (DATE_TRUNC('year', MAX(sold_at)) + INTERVAL '1 year' - INTERVAL '1 day')::DATE AS last_day
  FROM silver.sales_lines
), days AS (
  SELECT UNNEST(GENERATE_SERIES(first_day, last_day, INTERVAL '1 day'))::DATE AS date_day FROM bounds
)
SELECT
  date_day,                                                    -- Day.
  DATE_TRUNC('week', date_day)::DATE AS week_start,            -- Monday of its week.
  DATE_TRUNC('month', date_day)::DATE AS month_start,          -- First day of its month.
  DATE_TRUNC('quarter', date_day)::DATE AS quarter_start,      -- First day of its quarter.
  EXTRACT(year FROM date_day)::INTEGER AS year,                -- Year.
  EXTRACT(isodow FROM date_day)::INTEGER AS weekday,           -- 1 Monday to 7 Sunday.
  (EXTRACT(isodow FROM date_day) >= 6)::BOOLEAN AS is_weekend  -- Saturday or Sunday.
FROM days
