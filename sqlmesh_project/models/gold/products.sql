MODEL (
  name gold.products,
  kind VIEW,
  grain product_id,
  owner 'retail-data@example.com',
  description 'Products of the newest product list.',
  audits (unique_values(columns := (product_id))),
  column_descriptions (
    product_id = 'Product.',
    manufacturer_id = 'Manufacturer.',
    department = 'Department, as the source abbreviates it.',
    brand = 'National or Private.',
    product_category = 'Category within the department.',
    product_type = 'Type within the category.',
    package_size = 'Size as printed; NULL where the source has none.'
  )
);

SELECT
  product_id,
  manufacturer_id,
  department,
  brand,
  product_category,
  product_type,
  package_size
FROM silver.products
