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
  o.order_id,                                                   -- Order, as the shop numbers it.
  o.customer_id,                                                -- Customer who paid; NULL for guests.
  o.ordered_at,                                                 -- Time of the order, UTC.
  o.ordered_at::DATE AS order_day,                              -- Day of the order.
  o.amount,                                                     -- Money taken after the discount.
  o.discount,                                                   -- Discount given; NULL where there was none.
  o.channel,                                                    -- web or app; NULL where the shop does not know.
  o.gift,                                                       -- Whether it was wrapped; NULL where nobody was asked.
  o.delivered_on,                                               -- Day of delivery; NULL before it.
  COALESCE(c.country, 'Unknown')::TEXT AS country,              -- Country of the customer; Unknown for guests.
  o.order_month                                                 -- First day of the month of ordered_at: the partition.
FROM silver.orders AS o
LEFT JOIN silver.customers AS c ON c.customer_id = o.customer_id
WHERE o.deleted_at IS NULL
