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
  order_id,
  customer_id,
  ordered_at,
  amount,
  discount,
  channel,
  gift,
  delivered_on,
  deleted_at,
  order_month
FROM @newest_versions(silver.order_versions, order_month, order_id) AS newest;

@drop_emptied_partitions(silver.order_versions, order_month, order_id)
