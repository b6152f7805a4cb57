MODEL (
  name gold.daily_sales,
  kind FULL,
  grain (sale_date, department),
  owner 'retail-data@example.com',
  description 'Sales by day and department.',
  audits (
    unique_combination_of_columns(columns := (sale_date, department)),
    not_null(columns := (sale_date, department, revenue)),
    sums_equal(other := gold.sales, measure := revenue),
    products_are_listed(blocking := FALSE)
  )
);

SELECT
  sale_date,                                                           -- Day of the receipts.
  department,                                                          -- Department of the products today; UNKNOWN for products that no list has.
  COUNT(*)::BIGINT AS lines,                                           -- Receipt lines.
  COUNT(DISTINCT basket_id)::BIGINT AS baskets,                        -- Receipts with a line of the department; not to be summed over departments.
  COUNT(DISTINCT household_id)::BIGINT AS households,                  -- Households with such a receipt; not to be summed.
  SUM(revenue)::DECIMAL(18, 2) AS revenue,                             -- Money taken after all discounts, US dollars.
  SUM(loyalty_discount)::DECIMAL(18, 2) AS loyalty_discount,           -- Discount given by the loyalty card, US dollars, positive.
  SUM(coupon_discount)::DECIMAL(18, 2) AS coupon_discount,             -- Discount given by manufacturer coupons, US dollars, positive.
  SUM(coupon_match_discount)::DECIMAL(18, 2) AS coupon_match_discount  -- What the retailer added to coupons, US dollars, positive.
FROM gold.sales
GROUP BY sale_date, department
