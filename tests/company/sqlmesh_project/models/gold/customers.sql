MODEL (
  name gold.customers,
  kind FULL,
  grain customer_id,
  owner 'shop@example.com',
  description 'Customers of the newest list and what each has bought.',
  audits (unique_values(columns := (customer_id)), not_null(columns := (customer_id, orders, revenue)))
);

SELECT
  c.customer_id,
  c.name,
  c.country,
  c.since,
  COUNT(o.order_id)::BIGINT AS orders,                    -- Orders that stand.
  COALESCE(SUM(o.amount), 0)::DECIMAL(18, 2) AS revenue,  -- Money taken for them.
  MAX(o.ordered_at)::DATE AS last_order                   -- Day of the newest order; NULL before the first.
FROM silver.customers AS c
LEFT JOIN gold.orders AS o ON o.customer_id = c.customer_id
GROUP BY c.customer_id, c.name, c.country, c.since
