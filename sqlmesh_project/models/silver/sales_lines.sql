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
  ),
  column_descriptions (
    basket_id = 'Till receipt.',
    product_id = 'Product on the line.',
    household_id = 'Loyalty household that paid.',
    store_id = 'Store of the till.',
    sold_at = 'Time on the receipt as the source writes it: no zone, busiest at 22:00, so most likely UTC, five hours ahead of the tills.',
    quantity = 'Units as the till counted them; for fuel, thousandths of a gallon.',
    revenue = 'Money taken for the line after all discounts, US dollars.',
    loyalty_discount = 'Discount given by the loyalty card, US dollars, positive.',
    coupon_discount = 'Discount given by a manufacturer coupon, US dollars, positive.',
    coupon_match_discount = 'What the retailer added to a coupon, US dollars, positive.',
    sale_month = 'First day of the month of sold_at: the partition.'
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
