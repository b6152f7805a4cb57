MODEL (
  name gold.stores,
  kind FULL,
  grain store_id,
  owner 'retail-data@example.com',
  description 'Every store that ever sold; the source has no list of stores, so this is what its tills tell.',
  audits (
    not_null(columns := (store_id, first_sale, last_sale)),
    unique_values(columns := (store_id))
  ),
  column_descriptions (
    store_id = 'Store.',
    first_sale = 'Day of its first receipt.',
    last_sale = 'Day of its last receipt.',
    baskets = 'Receipts of all time.',
    households = 'Households that ever bought there.',
    revenue = 'Money taken of all time, US dollars.'
  )
);

SELECT
  store_id,
  MIN(sold_at)::DATE AS first_sale,
  MAX(sold_at)::DATE AS last_sale,
  COUNT(DISTINCT basket_id)::BIGINT AS baskets,
  COUNT(DISTINCT household_id)::BIGINT AS households,
  SUM(revenue)::DECIMAL(18, 2) AS revenue
FROM silver.sales_lines
GROUP BY store_id
