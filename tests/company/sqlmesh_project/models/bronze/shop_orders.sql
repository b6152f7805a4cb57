MODEL (
  name bronze.shop_orders,
  kind EMBEDDED,
  grain _airbyte_raw_id,
  owner 'shop@example.com',
  description 'Stream orders of connection shop as it arrived: every version of an order, at least once.',
  column_descriptions (
    order_id = 'Order, as the shop numbers it.',
    customer_id = 'Customer who paid; NULL for guests.',
    ordered_at = 'Time of the order, UTC.',
    amount = 'Money taken after the discount.',
    discount = 'Discount given; NULL where there was none.',
    channel = 'web or app; NULL where the shop does not know.',
    gift = 'Whether it was wrapped; NULL where nobody was asked.',
    delivered_on = 'Day of delivery; NULL before it.',
    updated_at = 'When the shop last changed the row.',
    deleted_at = 'When the shop deleted the order; NULL for one that stands.',
    _airbyte_extracted_at = 'When the connector read the row.',
    _airbyte_raw_id = 'Unique to each row sent, also to one sent twice.',
    load_id = 'Load that admitted the row.'
  )
);

@bronze(
  'shop/orders', 'each_load',
  'order_id BIGINT',
  'customer_id BIGINT',
  'ordered_at TIMESTAMPTZ',
  'amount DOUBLE',
  'discount DOUBLE',
  'channel TEXT',
  'gift BOOLEAN',
  'delivered_on DATE',
  'updated_at TIMESTAMPTZ',
  'deleted_at TIMESTAMPTZ'
)
