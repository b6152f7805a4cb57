MODEL (
  name bronze.shop_customers,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'shop@example.com',
  description 'Stream customers of connection shop as it arrived: the whole list of the newest sync.'
);

@bronze(
  'shop/customers', 'latest_load',
  'customer_id BIGINT',  -- Customer.
  'name TEXT',           -- Name as it was typed.
  'country TEXT',        -- Country as it was typed.
  'since DATE'           -- Day of registration; NULL where it is not known.
)
