MODEL (
  name bronze.grocery_products,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream products of connection grocery as it arrived: the whole product list of the newest sync.'
);

@bronze(
  'grocery/products', 'latest_load',
  'product_id BIGINT',       -- Product.
  'manufacturer_id BIGINT',  -- Manufacturer.
  'department TEXT',         -- Department, upper case and abbreviated by the source.
  'brand TEXT',              -- National or Private.
  'product_category TEXT',   -- Category within the department.
  'product_type TEXT',       -- Type within the category.
  'package_size TEXT'        -- Size as printed, free text.
)
