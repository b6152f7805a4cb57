MODEL (
  name silver.depots,
  kind FULL,
  grain depot,
  owner 'post@example.com',
  description 'Depots of the newest list.',
  audits (unique_values(columns := (depot)))
);

SELECT
  depot::TEXT AS depot,
  region::TEXT AS region
FROM bronze.post_depots
QUALIFY ROW_NUMBER() OVER (PARTITION BY depot ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC) = 1
