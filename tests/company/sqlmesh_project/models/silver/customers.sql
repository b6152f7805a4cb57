MODEL (
  name silver.customers,
  kind FULL,
  grain customer_id,
  owner 'shop@example.com',
  description 'Customers of the newest list.',
  audits (unique_values(columns := (customer_id)), not_null(columns := (customer_id)))
);

SELECT
  customer_id::BIGINT AS customer_id,
  @clean_text(name)::TEXT AS name,                             -- Name; NULL where none was given.
  COALESCE(@clean_text(country), 'Unknown')::TEXT AS country,  -- Country of the address; Unknown where there is none.
  since::DATE AS since
FROM bronze.shop_customers
QUALIFY ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC) = 1
