MODEL (
  name silver.products,
  kind FULL,
  grain product_id,
  owner 'retail-data@example.com',
  description 'Products of the newest product list, text trimmed, blanks as UNKNOWN.',
  audits (
    not_null(columns := (product_id, department, is_fuel)),
    unique_values(columns := (product_id))
  )
);

WITH listed AS (
  SELECT
    product_id,
    manufacturer_id,
    @clean_text(department) AS department,
    @clean_text(brand) AS brand,
    @clean_text(product_category) AS product_category,
    @clean_text(product_type) AS product_type,
    @clean_text(package_size) AS package_size
  FROM bronze.grocery_products
  QUALIFY ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC) = 1
)
SELECT
  product_id::BIGINT AS product_id,
  manufacturer_id::BIGINT AS manufacturer_id,
  COALESCE(department, 'UNKNOWN')::TEXT AS department,  -- Department; UNKNOWN where the source has none.
  COALESCE(brand, 'UNKNOWN')::TEXT AS brand,  -- National or Private; UNKNOWN where the source has none.
  COALESCE(product_category, 'UNKNOWN')::TEXT AS product_category,  -- Category within the department; UNKNOWN where the source has none.
  COALESCE(product_type, 'UNKNOWN')::TEXT AS product_type,  -- Type within the category; UNKNOWN where the source has none.
  package_size::TEXT AS package_size,  -- Size as printed; NULL where the source has none.
  (COALESCE(department = 'FUEL', FALSE) OR COALESCE(product_type LIKE 'GASOLINE%', FALSE))::BOOLEAN AS is_fuel  -- Whether the till counts it in thousandths of a gallon: the fuel department, and gasoline rung up elsewhere.
FROM listed
