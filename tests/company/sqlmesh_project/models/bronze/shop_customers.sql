MODEL (
  name bronze.shop_customers,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'shop@example.com',
  description 'Stream customers of connection shop as it arrived: the whole list of the newest sync.',
  column_descriptions (
    customer_id = 'Customer.',
    name = 'Name; NULL where none was given.',
    country = 'Country of the address.',
    since = 'Day of registration; NULL where it is not known.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row.'
  )
);

@bronze(
  'shop/customers', 'latest_load',
  'customer_id BIGINT',
  'name TEXT',
  'country TEXT',
  'since DATE'
)
