MODEL (
  name gold.sales,
  kind VIEW,
  grain (basket_id, product_id),
  owner 'retail-data@example.com',
  tags (partitioned_by_sale_month),
  description 'Receipt lines with what dashboards slice them by. A view, so that a changed product or household shows in every month at once; each release holds its rows by month.',
  audits (
    sums_equal(other := silver.sales_lines, measure := revenue)
  ),
  column_descriptions (
    basket_id = 'Till receipt.',
    product_id = 'Product on the line; may be missing from gold.products (then department is UNKNOWN).',
    household_id = 'Loyalty household that paid.',
    store_id = 'Store of the till.',
    sold_at = 'Time on the receipt as the source writes it: no zone, busiest at 22:00, so most likely UTC, five hours ahead of the tills.',
    sale_date = 'Day of sold_at.',
    quantity = 'Units sold; NULL for fuel.',
    fuel_gallons = 'Gallons of fuel; NULL for anything else, and where the till counted the sale and not the gallons.',
    revenue = 'Money taken for the line after all discounts, US dollars.',
    loyalty_discount = 'Discount given by the loyalty card, US dollars, positive.',
    coupon_discount = 'Discount given by a manufacturer coupon, US dollars, positive.',
    coupon_match_discount = 'What the retailer added to a coupon, US dollars, positive.',
    department = 'Department of the product today; UNKNOWN for a product that no list has.',
    product_category = 'Category of the product today; UNKNOWN for a product that no list has.',
    brand = 'National or Private; UNKNOWN for a product that no list has.',
    income = 'Income band of the household today; Unknown where it told none.',
    sale_month = 'First day of the month of sold_at: the partition.'
  )
);

-- Tills count fuel in thousandths of a gallon, but some rang up 1 for a whole sale: those gallons nobody knows.
SELECT
  line.basket_id,
  line.product_id,
  line.household_id,
  line.store_id,
  line.sold_at,
  line.sold_at::DATE AS sale_date,
  CASE WHEN product.is_fuel THEN NULL ELSE line.quantity END::INTEGER AS quantity,
  CASE WHEN product.is_fuel AND line.quantity <> 1 THEN line.quantity * 0.001 END::DECIMAL(18, 3) AS fuel_gallons,
  line.revenue,
  line.loyalty_discount,
  line.coupon_discount,
  line.coupon_match_discount,
  COALESCE(product.department, 'UNKNOWN')::TEXT AS department,
  COALESCE(product.product_category, 'UNKNOWN')::TEXT AS product_category,
  COALESCE(product.brand, 'UNKNOWN')::TEXT AS brand,
  COALESCE(household.income, 'Unknown')::TEXT AS income,
  line.sale_month
FROM silver.sales_lines AS line
LEFT JOIN silver.products AS product ON product.product_id = line.product_id
LEFT JOIN silver.households AS household ON household.household_id = line.household_id
