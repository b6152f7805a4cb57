MODEL (
  name bronze.grocery_transactions,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'retail-data@example.com',
  description 'Stream transactions of connection grocery as it arrived: lines of till receipts, at least once, every version.',
  column_descriptions (
    basket_id = 'Till receipt.',
    product_id = 'Product on the line.',
    household_id = 'Loyalty household that paid.',
    store_id = 'Store of the till.',
    quantity = 'Units; for fuel, thousandths of a gallon.',
    sales_value = 'Dollars taken for the line; Airbyte sends every number as a double.',
    retail_disc = 'Dollars the loyalty card took off.',
    coupon_disc = 'Dollars a manufacturer coupon took off.',
    coupon_match_disc = 'Dollars the retailer added to a coupon.',
    transaction_timestamp = 'Time on the receipt. The source gives store time without a zone; Airbyte labels it UTC.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row: its slot in the ledger.'
  )
);

@bronze(
  'grocery/transactions', 'each_load',
  'basket_id BIGINT',
  'product_id BIGINT',
  'household_id BIGINT',
  'store_id BIGINT',
  'quantity BIGINT',
  'sales_value DOUBLE',
  'retail_disc DOUBLE',
  'coupon_disc DOUBLE',
  'coupon_match_disc DOUBLE',
  'transaction_timestamp TIMESTAMPTZ'
)
