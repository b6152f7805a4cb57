MODEL (
  name bronze.grocery_transactions,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream transactions of connection grocery as it arrived: lines of till receipts, at least once, every version.'
);

@bronze(
  'grocery/transactions', 'each_load',
  'basket_id BIGINT',                   -- Till receipt.
  'product_id BIGINT',                  -- Product on the line.
  'household_id BIGINT',                -- Loyalty household that paid.
  'store_id BIGINT',                    -- Store of the till.
  'quantity BIGINT',                    -- Units; for fuel, thousandths of a gallon.
  'sales_value DOUBLE',                 -- Dollars taken for the line; Airbyte sends every number as a double.
  'retail_disc DOUBLE',                 -- Dollars the loyalty card took off.
  'coupon_disc DOUBLE',                 -- Dollars a manufacturer coupon took off.
  'coupon_match_disc DOUBLE',           -- Dollars the retailer added to a coupon.
  'transaction_timestamp TIMESTAMPTZ'   -- Time on the receipt. The source gives store time without a zone; Airbyte labels it UTC.
)
