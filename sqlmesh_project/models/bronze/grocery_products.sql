MODEL (
  name bronze.grocery_products,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream products of connection grocery as it arrived: the whole product list of the newest sync.',
  column_descriptions (
    product_id = 'Product.',
    manufacturer_id = 'Manufacturer.',
    department = 'Department, upper case and abbreviated by the source.',
    brand = 'National or Private.',
    product_category = 'Category within the department.',
    product_type = 'Type within the category.',
    package_size = 'Size as printed, free text.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row: its slot in the ledger.'
  )
);

@bronze(
  'grocery/products', 'latest_load',
  'product_id BIGINT',
  'manufacturer_id BIGINT',
  'department TEXT',
  'brand TEXT',
  'product_category TEXT',
  'product_type TEXT',
  'package_size TEXT'
)
