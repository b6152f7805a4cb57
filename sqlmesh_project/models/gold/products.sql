MODEL (
  name gold.products,
  kind VIEW,
  grain product_id,
  owner 'retail-data@example.com',
  description 'Products of the newest product list.',
  audits (unique_values(columns := (product_id)))
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
