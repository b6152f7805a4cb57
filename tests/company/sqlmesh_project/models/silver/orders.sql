MODEL (
  name silver.orders,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by order_month,
  grain order_id,
  owner 'shop@example.com',
  description 'Orders, each in its newest version, deleted ones too.',
  audits (unique_values(columns := (order_id)), not_null(columns := (order_id, order_month)))
);

SELECT
  order_id,       -- Order, as the shop numbers it.
  customer_id,    -- Customer who paid; NULL for guests.
  ordered_at,     -- Time of the order, UTC.
  amount,         -- Money taken after the discount.
  discount,       -- Discount given; NULL where there was none.
  channel,        -- web or app; NULL where the shop does not know.
  gift,           -- Whether it was wrapped; NULL where nobody was asked.
  delivered_on,   -- Day of delivery; NULL before it.
  deleted_at,     -- When the shop deleted the order; NULL for one that stands.
  order_month     -- First day of the month of ordered_at: the partition.
FROM @newest_versions(silver.order_versions, order_month, order_id) AS newest;

@drop_emptied_partitions(silver.order_versions, order_month, order_id)
