MODEL (
  name gold.sales,
  kind VIEW,
  grain (basket_id, product_id),
  owner 'retail-data@example.com',
  tags (partitioned_by_sale_month),
  description 'Receipt lines with what dashboards slice them by. A view, so that a changed product or household shows in every month at once; each release holds its rows by month.',
  audits (
    sums_equal(other := silver.sales_lines, measure := revenue)
  )
);

-- Tills count fuel in thousandths of a gallon, but some rang up 1 for a whole sale: those gallons nobody knows.
SELECT
  line.basket_id,
  line.product_id,  -- Product on the line; one that no list has is of department UNKNOWN.
  line.household_id,
  line.store_id,
  line.sold_at,
  line.sold_at::DATE AS sale_date,  -- Day of sold_at.
  CASE WHEN product.is_fuel THEN NULL ELSE line.quantity END::INTEGER AS quantity,  -- Units sold; NULL for fuel.
  CASE WHEN product.is_fuel AND line.quantity <> 1 THEN line.quantity * 0.001 END::DECIMAL(18, 3) AS fuel_gallons,  -- Gallons of fuel; NULL for anything else, and where the till counted the sale and not the gallons.
  line.revenue,
  line.loyalty_discount,
  line.coupon_discount,
  line.coupon_match_discount,
  COALESCE(product.department, 'UNKNOWN')::TEXT AS department,  -- Department of the product today; UNKNOWN for a product that no list has.
  COALESCE(product.product_category, 'UNKNOWN')::TEXT AS product_category,  -- Category of the product today; UNKNOWN for a product that no list has.
  COALESCE(product.brand, 'UNKNOWN')::TEXT AS brand,  -- National or Private; UNKNOWN for a product that no list has.
  COALESCE(household.income, 'Unknown')::TEXT AS income,  -- Income band of the household today; Unknown without an answer.
  line.sale_month
FROM silver.sales_lines AS line
LEFT JOIN silver.products AS product ON product.product_id = line.product_id
LEFT JOIN silver.households AS household ON household.household_id = line.household_id
