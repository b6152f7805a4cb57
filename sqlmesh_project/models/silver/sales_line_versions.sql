MODEL (
  name silver.sales_line_versions,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by load_id,
  grain (basket_id, product_id, load_id),
  owner 'retail-data@example.com',
  description 'Every version of a receipt line that a load brought, typed; one partition for each load, written from Bronze alone.',
  audits (
    not_null(columns := (basket_id, product_id, household_id, store_id, sold_at, revenue), condition := @of_these_loads(load_id)),
    forall(criteria := (quantity >= 0, loyalty_discount >= 0), condition := @of_these_loads(load_id)),
    unique_combination_of_columns(columns := (basket_id, product_id, load_id), condition := @of_these_loads(load_id))
  )
);

-- Airbyte delivers at least once: within a load the row read last counts.
SELECT
  basket_id::BIGINT AS basket_id,
  product_id::BIGINT AS product_id,
  household_id::BIGINT AS household_id,
  store_id::BIGINT AS store_id,
  transaction_timestamp::TIMESTAMP AS sold_at,                                -- Time on the receipt, without a zone; busiest at 22:00, so most likely UTC.
  quantity::BIGINT AS quantity,                                               -- Units as the till counted them; for fuel, thousandths of a gallon.
  sales_value::DECIMAL(18, 2) AS revenue,                                     -- Money taken for the line after all discounts, US dollars.
  retail_disc::DECIMAL(18, 2) AS loyalty_discount,                            -- Discount given by the loyalty card, US dollars, positive.
  coupon_disc::DECIMAL(18, 2) AS coupon_discount,                             -- Discount given by a manufacturer coupon, US dollars, positive.
  coupon_match_disc::DECIMAL(18, 2) AS coupon_match_discount,                 -- What the retailer added to a coupon, US dollars, positive.
  DATE_TRUNC('month', transaction_timestamp::TIMESTAMP)::DATE AS sale_month,  -- First day of the month of sold_at.
  load_id::BIGINT AS load_id                                                  -- Load that brought this version: the partition.
FROM bronze.grocery_transactions
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY basket_id, product_id, load_id ORDER BY _airbyte_extracted_at DESC, _airbyte_raw_id DESC
  ) = 1;

@drop_emptied_loads('grocery/transactions')
