AUDIT (
  name customers_are_known
);

-- Orders of a customer that the list does not have.
SELECT * FROM @this_model
WHERE NOT customer_id IS NULL AND NOT customer_id IN (SELECT customer_id FROM silver.customers)
