MODEL (
  name silver.order_versions,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by load_id,
  grain (order_id, load_id),
  owner 'shop@example.com',
  description 'Every version of an order that a load brought, typed; one partition for each load.',
  audits (
    not_null(columns := (order_id, ordered_at, amount), condition := @of_these_loads(load_id)),
    unique_combination_of_columns(columns := (order_id, load_id), condition := @of_these_loads(load_id))
  )
);

SELECT
  order_id::BIGINT AS order_id,
  customer_id::BIGINT AS customer_id,
  ordered_at::TIMESTAMP AS ordered_at,
  amount::DECIMAL(18, 2) AS amount,
  discount::DECIMAL(18, 2) AS discount,
  channel::TEXT AS channel,
  gift::BOOLEAN AS gift,
  delivered_on::DATE AS delivered_on,
  deleted_at::TIMESTAMP AS deleted_at,
  DATE_TRUNC('month', ordered_at::TIMESTAMP)::DATE AS order_month,  -- First day of the month of ordered_at.
  load_id::BIGINT AS load_id                                        -- Load that brought this version: the partition.
FROM bronze.shop_orders
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY order_id, load_id ORDER BY updated_at DESC, _airbyte_extracted_at DESC, _airbyte_raw_id DESC
  ) = 1;

@drop_emptied_loads('shop/orders')
