MODEL (
  name bronze.shop_orders,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'shop@example.com',
  description 'Stream orders of connection shop as it arrived: every version of an order, at least once.'
);

@bronze(
  'shop/orders', 'each_load',
  'order_id BIGINT',         -- Order, as the shop numbers it.
  'customer_id BIGINT',      -- Customer who paid; NULL for guests.
  'ordered_at TIMESTAMPTZ',  -- Time of the order, UTC.
  'amount DOUBLE',           -- Money taken after the discount.
  'discount DOUBLE',         -- Discount given; NULL where there was none.
  'channel TEXT',            -- web or app; NULL where the shop does not know.
  'gift BOOLEAN',            -- Whether it was wrapped; NULL where nobody was asked.
  'delivered_on DATE',       -- Day of delivery; NULL before it.
  'updated_at TIMESTAMPTZ',  -- When the shop last changed the row.
  'deleted_at TIMESTAMPTZ'   -- When the shop deleted the order; NULL for one that stands.
)
