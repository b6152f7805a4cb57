MODEL (
  name gold.stores,
  kind FULL,
  grain store_id,
  owner 'retail-data@example.com',
  description 'Every store that ever sold; the source has no list of stores, so these are made of receipts.',
  audits (
    not_null(columns := (store_id, first_sale, last_sale)),
    unique_values(columns := (store_id))
  )
);

SELECT
  store_id,                                            -- Store.
  MIN(sold_at)::DATE AS first_sale,                    -- Day of its first receipt.
  MAX(sold_at)::DATE AS last_sale,                     -- Day of its last receipt.
  COUNT(DISTINCT basket_id)::BIGINT AS baskets,        -- Receipts of all time.
  COUNT(DISTINCT household_id)::BIGINT AS households,  -- Households that ever bought there.
  SUM(revenue)::DECIMAL(18, 2) AS revenue              -- Money taken of all time, US dollars.
FROM silver.sales_lines
GROUP BY store_id
