MODEL (
  name gold.orders,
  kind VIEW,
  grain order_id,
  owner 'shop@example.com',
  tags (partitioned_by_order_month),
  description 'Orders that stand, with the country of their customer as it is today.',
  audits (unique_values(columns := (order_id)), customers_are_known(blocking := FALSE))
);

SELECT
  o.order_id,
  o.customer_id,
  o.ordered_at,
  o.ordered_at::DATE AS order_day,                  -- Day of the order.
  o.amount,
  o.discount,
  o.channel,
  o.gift,
  o.delivered_on,
  COALESCE(c.country, 'Unknown')::TEXT AS country,  -- Country of the customer; Unknown for guests.
  o.order_month
FROM silver.orders AS o
LEFT JOIN silver.customers AS c ON c.customer_id = o.customer_id
WHERE o.deleted_at IS NULL
