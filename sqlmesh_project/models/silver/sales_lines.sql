MODEL (
  name silver.sales_lines,
  kind INCREMENTAL_BY_PARTITION,
  partitioned_by sale_month,
  grain (basket_id, product_id),
  owner 'retail-data@example.com',
  description 'Receipt lines, each in its newest version. A month is rebuilt whole when a line that stands or ever stood in it is touched by a load.',
  audits (
    not_null(columns := (basket_id, product_id, sale_month)),
    unique_combination_of_columns(columns := (basket_id, product_id))
  )
);

SELECT
  line.basket_id,
  line.product_id,
  line.household_id,
  line.store_id,
  line.sold_at,
  line.quantity,
  line.revenue,
  line.loyalty_discount,
  line.coupon_discount,
  line.coupon_match_discount,
  line.sale_month
FROM @newest_versions(silver.sales_line_versions, sale_month, basket_id, product_id) AS line;

@drop_emptied_partitions(silver.sales_line_versions, sale_month, basket_id, product_id)
